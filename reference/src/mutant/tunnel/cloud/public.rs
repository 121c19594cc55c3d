//! Mutants of a cloud where the public connects.

use std::time::Duration;

use super::shared::shared;
use crate::mutant::Mutant;
use crate::mutant::link::Admission;
use crate::mutant::tunnel::rule;
use crate::mutant::visit::{Head, Reply, Visit};

pub(crate) const MUTANTS: &[Mutant] = &[
    Mutant::new("no-agent-is-502", &["TUN-21"], "answers with 502 where no agent is connected"),
    Mutant::new("unheard-is-502", &["TUN-21"], "answers with 502 where a connection has not said Auth"),
    Mutant::new("refused-is-502", &["TUN-21"], "answers with 502 where an agent was refused a moment ago"),
    Mutant::new(
        "last-lost-is-502",
        &["TUN-21"],
        "answers with 502 after the last agent has gone and a connection is left that has not said Auth",
    ),
    Mutant::new("lost-is-503", &["TUN-21"], "answers with 503 where the agent is lost").causing(&["TUN-25", "WIRE-09"]),
    Mutant::new("hangs-up", &["TUN-21"], "closes without an answer where the agent is lost")
        .causing(&["WIRE-09", "TUN-25", "TUN-22"]),
    Mutant::new("late-is-502", &["TUN-21"], "answers with 502 when an answer is late"),
    Mutant::new("waits-forever-for-answers", &["TUN-21"], "leaves a client waiting whose answer is late"),
    Mutant::new("too-large-is-400", &["TUN-24"], "answers a body that is too large with 400"),
    Mutant::new("begun-is-400", &["TUN-24"], "answers a body that is too large and has begun with 400"),
    Mutant::new("enormous-is-400", &["TUN-24"], "answers a body of exbibytes with 400"),
    Mutant::new("too-many-chunks-are-400", &["TUN-24"], "answers chunks that are too large with 400"),
    Mutant::new("takes-large-bodies", &["TUN-24"], "asks for a body that is too large without it"),
    Mutant::new("asks-and-refuses", &["TUN-24"], "asks for a body that is too large, and refuses it nevertheless"),
    Mutant::new("small-limit", &["TUN-24"], "answers a body of 16 MiB with 413").causing(&["WIRE-10"]),
    Mutant::new("completes-uploads", &["TUN-20", "WIRE-06"], "takes what has come of a body for all of it")
        .causing(&["TUN-23"]),
    Mutant::new("knows-few-methods", &["TUN-25"], "knows no method of WebDAV"),
    Mutant::new("trusts-lengths", &["TUN-20"], "believes a content-length beside chunks"),
    Mutant::new("takes-the-first-length", &["TUN-20"], "believes the first of two lengths"),
    Mutant::new("takes-a-list-of-lengths", &["TUN-20"], "believes the first of a list of lengths"),
    Mutant::new("takes-signed-lengths", &["TUN-20"], "takes a length with a sign"),
    Mutant::new("takes-any-coding", &["TUN-20"], "ignores a transfer coding that it does not know"),
    Mutant::new("forgives-blanks", &["TUN-20"], "forgives a blank in front of a colon"),
    Mutant::new("takes-one-host", &["TUN-20"], "ignores a second host"),
    Mutant::new("takes-any-chunk", &["TUN-20"], "answers malformed chunks with 200"),
    Mutant::new("paths-of-others", &["TUN-20"], "passes on a target without a slash behind one"),
    Mutant::new("shuts-after-noise", &["WIRE-06"], "answers with 503 for a while after a request that is no HTTP")
        .causing(&["TUN-20"]),
    Mutant::new("slow-public", &["WIRE-12"], "takes 60 ms for every answer to the public").causing(&["TUN-21"]),
    Mutant::new("passes-hop-by-hop-back", &["TUN-25"], "answers with headers of another connection"),
    Mutant::new("drops-too-much", &["TUN-25"], "drops headers of answers whose name begins with x-kept"),
    Mutant::new("head-without-length", &["TUN-25"], "drops the content-length of an answer to HEAD"),
    Mutant::new("forgets-etags", &["TUN-25"], "drops the etag of a 304"),
    Mutant::new("frames-nothing", &["TUN-25"], "frames the body of a 204"),
    Mutant::new("large-is-502", &["TUN-25"], "answers with 502 where the answer has 16 MiB"),
    Mutant::new("head-is-200", &["TUN-25"], "answers HEAD with 200 always"),
    Mutant::new("follows-redirects", &["TUN-25"], "answers with 200 where the agent redirects"),
    Mutant::new("tells-no-encoding", &["TUN-25"], "drops content-encoding"),
    Mutant::new("claims-gzip", &["TUN-25"], "claims a partial body to be in gzip"),
    Mutant::new("own-error-pages", &["TUN-25"], "answers with an error page of its own"),
    Mutant::new("retries", &["TUN-25"], "drops retry-after"),
    Mutant::new("knows-few-statuses", &["TUN-25", "TUN-21"], "answers with 500 for a status that it does not know"),
    Mutant::new("drops-challenges", &["TUN-25"], "drops www-authenticate"),
    Mutant::new("created-is-ok", &["TUN-25", "TUN-20"], "answers with 200 where the agent says 201")
        .causing(&["TUN-20", "TUN-33", "WIRE-01"]),
    Mutant::new("injects-by-a-value", &["TUN-25"], "lets a header value become another header"),
    Mutant::new("injects-by-a-name", &["TUN-25"], "lets a header name become another header"),
    Mutant::new("injects-by-a-status-text", &["TUN-25"], "lets a status text become a header"),
    Mutant::new("injects-by-half-a-line-end", &["TUN-25"], "lets half a line end become a whole one"),
    Mutant::new("injects-an-answer", &["TUN-25"], "lets a header value become another answer"),
    Mutant::new("injects-a-cookie", &["TUN-25"], "lets a cookie become two"),
    Mutant::new("sulks-after-injections", &["TUN-22"], "answers with 502 after an answer that meant harm"),
    Mutant::new("fails-each-97th", &["TUN-20"], "answers every 97th request with 500 while many are under way")
        .causing(&["TUN-23", "TUN-33", "WIRE-06"]),
];

/// For so long after noise some mutants answer nobody, in ms.
const SHUT: u128 = 1500;

/// A public request.
#[derive(Debug)]
pub(crate) struct Public {
    mutant: &'static str,
    /// The head of the request, as it came, and how many bytes had come behind it.
    request: Head,
    begun: usize,
}

impl Public {
    pub(crate) fn new(mutant: &'static str) -> Self {
        Self { mutant, request: Head(String::new()), begun: 0 }
    }
}

impl Visit for Public {
    fn comes(&mut self, head: &mut Head, behind: &[u8]) -> Admission {
        (self.request, self.begun) = (head.clone(), behind.len());
        shared().visits += 1;
        let is_large = head.value("content-length") == Some("1099511627776");
        let carries = head.target() == "/carrier";
        match self.mutant {
            "trusts-lengths" if carries && head.value("content-length").is_some() => {
                head.drop_lines("transfer-encoding: chunked");
            }
            "takes-the-first-length" if carries => head.drop_lines("content-length: 49"),
            "takes-a-list-of-lengths" => head.replace("Content-Length: 0, 49", "Content-Length: 0"),
            "takes-signed-lengths" => head.replace("Content-Length: +", "Content-Length: "),
            "takes-any-coding" => head.drop_lines("transfer-encoding: xchunked"),
            "forgives-blanks" => head.replace("Transfer-Encoding :", "Transfer-Encoding:"),
            "takes-one-host" => head.drop_lines("host: other.example"),
            "paths-of-others" => head.replace(" other.example ", " /other.example "),
            "takes-large-bodies" | "asks-and-refuses" if is_large => {
                head.replace("Content-Length: 1099511627776", "Content-Length: 0");
            }
            "small-limit" if head.value("content-length") == Some("16777216") => return Admission::Answered(TOO_LARGE),
            "completes-uploads" => {
                let claimed = head.value("content-length").and_then(|length| length.parse::<usize>().ok());
                if claimed.is_some_and(|claimed| claimed < 100 && self.begun > 0 && self.begun < claimed) {
                    let claimed = format!("Content-Length: {}", claimed.unwrap_or_default());
                    head.replace(&claimed, &format!("Content-Length: {}", self.begun));
                }
            }
            "knows-few-methods" if head.method() == "PROPFIND" => return Admission::Answered(NOT_IMPLEMENTED),
            "shuts-after-noise" => {
                let mut shared = shared();
                if !head.method().starts_with(|c: char| c.is_ascii_alphabetic()) && !head.0.starts_with('\r') {
                    shared.noise_at = Some(rule::now());
                } else if shared.noise_at.is_some_and(|at| rule::now() < at + SHUT) {
                    return Admission::Answered(UNAVAILABLE);
                }
            }
            _ => {}
        }
        Admission::Onward
    }

    fn goes(&mut self, head: &mut Head) -> Reply {
        let (status, request) = (head.status(), &self.request);
        let is = |method: &str| request.method() == method;
        let length = request.value("content-length").unwrap_or_default();
        let harm = { shared().harm };
        match (self.mutant, status) {
            ("no-agent-is-502", 503) if shared().agents.values().all(|agent| agent.turn == 0) => head.set_status(502),
            ("unheard-is-502" | "refused-is-502" | "last-lost-is-502", 503) => {
                let shared = shared();
                let (is_refused, is_lost) =
                    (shared.has_refused(1000), shared.agents.values().any(|agent| agent.saw_a_loss));
                let kind = match (is_lost, is_refused) {
                    (true, _) => "last-lost-is-502",
                    (_, true) => "refused-is-502",
                    _ => "unheard-is-502",
                };
                let is_unheard = !shared.agents.is_empty() && shared.agents.values().all(|agent| agent.turn == 0);
                if is_unheard && kind == self.mutant {
                    head.set_status(502);
                }
            }
            ("lost-is-503", 502) => head.set_status(503),
            ("hangs-up", 502) => return Reply::Instead(""),
            ("late-is-502", 504) => head.set_status(502),
            ("waits-forever-for-answers", 504) => return Reply::Never,
            ("too-large-is-400", 413) => head.set_status(400),
            ("begun-is-400", 413) if self.begun > 0 && !length.is_empty() => head.set_status(400),
            ("enormous-is-400", 413) if length.len() > 15 => head.set_status(400),
            ("too-many-chunks-are-400", 413) if length.is_empty() => head.set_status(400),
            ("asks-and-refuses", 504) if length == "1099511627776" => head.set_status(413),
            ("takes-any-chunk", 400) if length.is_empty() && request.value("transfer-encoding") == Some("chunked") => {
                head.set_status(200);
            }
            ("slow-public", _) => return Reply::Late(Duration::from_millis(60)),
            ("passes-hop-by-hop-back", 200) => head.add("Keep-Alive: timeout=77"),
            ("drops-too-much", _) => head.drop_lines("x-kept"),
            ("head-without-length", _) if is("HEAD") => head.drop_lines("content-length"),
            ("head-is-200", 400..) if is("HEAD") => head.set_status(200),
            ("forgets-etags", 304) => head.drop_lines("etag"),
            ("frames-nothing", 204) => head.add("Content-Length: 0"),
            ("large-is-502", 200) if head.value("content-length") == Some("16777216") => head.set_status(502),
            ("follows-redirects", 302) => head.set_status(200),
            ("tells-no-encoding", _) => head.drop_lines("content-encoding"),
            ("claims-gzip", 206) => head.add("Content-Encoding: gzip"),
            ("own-error-pages", 418) => return Reply::Instead(PAGE),
            ("retries", 503) => head.drop_lines("retry-after"),
            ("knows-few-statuses", 599) => head.set_status(500),
            ("drops-challenges", 401) => head.drop_lines("www-authenticate"),
            ("created-is-ok", 201) => head.set_status(200),
            ("injects-an-answer", _) if harm == self.mutant => head.set_status(200),
            ("injects-a-cookie", _) if harm == self.mutant => {
                head.add("Set-Cookie: a=1\r\nSet-Cookie: b=2\r\nSet-Cookie: c=3");
            }
            (mutant, _) if !harm.is_empty() && harm == mutant => head.add("X-Injected: b"),
            ("sulks-after-injections", 200) if !harm.is_empty() => head.set_status(502),
            ("fails-each-97th", _) => {
                let mut shared = shared();
                if shared.visits > 50 {
                    shared.count += 1;
                    if shared.count.is_multiple_of(97) {
                        head.set_status(500);
                    }
                }
            }
            _ => {}
        }
        if status == 200 {
            shared().harm = "";
        }
        Reply::Back
    }

    fn is_given_up(&mut self) {
        shared().orphans.push(self.request.target().to_owned());
    }
}

impl Drop for Public {
    fn drop(&mut self) {
        if !self.request.0.is_empty() {
            shared().visits -= 1;
        }
    }
}

const TOO_LARGE: &str = "HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n";
const NOT_IMPLEMENTED: &str = "HTTP/1.1 501 Not Implemented\r\nContent-Length: 0\r\n\r\n";
const UNAVAILABLE: &str = "HTTP/1.1 503 Crowded\r\nContent-Length: 0\r\n\r\n";
const PAGE: &str = "HTTP/1.1 418 Oops\r\nContent-Length: 5\r\n\r\noops!";
