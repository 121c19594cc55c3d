//! Mutants of a cloud on the side of the public.

use std::time::Duration;

use super::shared::shared;
use crate::mutant::Mutant;
use crate::mutant::link::Admission;
use crate::mutant::tunnel::rule;
use crate::mutant::visit::{Head, Visit, VisitReply};

pub(crate) const MUTANTS: &[Mutant] = &[
    Mutant::new("no-agent-is-502", &["TUN-21"], "answers with 502 if no agent is connected"),
    Mutant::new("unheard-is-502", &["TUN-21"], "answers with 502 if a connection has not sent `Auth`"),
    Mutant::new("refused-is-502", &["TUN-21"], "answers with 502 if an agent was refused a moment ago"),
    Mutant::new("last-lost-is-502", &["TUN-21"], "answers with 502 if only a connection without `Auth` is left"),
    Mutant::new("lost-is-503", &["TUN-21"], "answers with 503 if the agent is lost").causing(&["TUN-25", "WIRE-09"]),
    Mutant::new("hangs-up", &["TUN-21"], "closes without an answer if the agent is lost")
        .causing(&["WIRE-09", "TUN-25", "TUN-22"]),
    Mutant::new("late-is-502", &["TUN-21"], "answers with 502 if an answer is late"),
    Mutant::new("waits-forever-for-answers", &["TUN-21"], "never answers a client whose answer is late"),
    Mutant::new("too-large-is-400", &["TUN-24"], "answers a body that is too large with 400"),
    Mutant::new("begun-is-400", &["TUN-24"], "answers with 400 a body that is too large and partly received"),
    Mutant::new("enormous-is-400", &["TUN-24"], "answers a body of exbibytes with 400"),
    Mutant::new("too-many-chunks-are-400", &["TUN-24"], "answers chunks that are too large together with 400"),
    Mutant::new("takes-large-bodies", &["TUN-24"], "asks for a body that is too large with 100"),
    Mutant::new("asks-and-refuses", &["TUN-24"], "asks for a body that is too large, and then refuses it"),
    Mutant::new("small-limit", &["TUN-24"], "answers a body of 16 MiB with 413").causing(&["WIRE-10"]),
    Mutant::new("completes-uploads", &["TUN-20", "WIRE-06"], "accepts a truncated body as complete")
        .causing(&["TUN-23"]),
    Mutant::new("knows-few-methods", &["TUN-25"], "rejects the methods of WebDAV"),
    Mutant::new("trusts-lengths", &["TUN-20"], "trusts a content-length beside chunks"),
    Mutant::new("takes-the-first-length", &["TUN-20"], "trusts the first of two lengths"),
    Mutant::new("takes-a-list-of-lengths", &["TUN-20"], "trusts the first of a list of lengths"),
    Mutant::new("takes-signed-lengths", &["TUN-20"], "accepts a length with a sign"),
    Mutant::new("takes-any-coding", &["TUN-20"], "ignores an unknown transfer coding"),
    Mutant::new("forgives-blanks", &["TUN-20"], "accepts a space before a colon"),
    Mutant::new("takes-one-host", &["TUN-20"], "ignores a second host"),
    Mutant::new("takes-any-chunk", &["TUN-20"], "answers malformed chunks with 200"),
    Mutant::new("paths-of-others", &["TUN-20"], "forwards a target that does not start with a slash"),
    Mutant::new("shuts-after-noise", &["WIRE-06"], "answers with 503 for a while after a request that is not HTTP")
        .causing(&["TUN-20"]),
    Mutant::new("slow-public", &["WIRE-12"], "delays every answer to the public by 60 ms").causing(&["TUN-21"]),
    Mutant::new("passes-hop-by-hop-back", &["TUN-25"], "returns hop-by-hop headers"),
    Mutant::new("drops-too-much", &["TUN-25"], "drops response headers whose name starts with x-kept"),
    Mutant::new("head-without-length", &["TUN-25"], "drops the content-length of an answer to HEAD"),
    Mutant::new("forgets-etags", &["TUN-25"], "drops the etag of a 304"),
    Mutant::new("frames-nothing", &["TUN-25"], "sends a content-length with a 204"),
    Mutant::new("large-is-502", &["TUN-25"], "answers with 502 for a response of 16 MiB"),
    Mutant::new("head-is-200", &["TUN-25"], "always answers HEAD with 200"),
    Mutant::new("follows-redirects", &["TUN-25"], "answers with 200 for a redirect of the agent"),
    Mutant::new("drops-encoding", &["TUN-25"], "drops content-encoding"),
    Mutant::new("claims-gzip", &["TUN-25"], "marks a partial body as gzip"),
    Mutant::new("own-error-pages", &["TUN-25"], "answers with its own error pages"),
    Mutant::new("retries", &["TUN-25"], "drops retry-after"),
    Mutant::new("knows-few-statuses", &["TUN-25", "TUN-21"], "answers with 500 for an unknown status"),
    Mutant::new("drops-challenges", &["TUN-25"], "drops www-authenticate"),
    Mutant::new("created-is-ok", &["TUN-25", "TUN-20"], "answers with 200 for a 201 of the agent")
        .causing(&["TUN-20", "TUN-33", "WIRE-01"]),
    Mutant::new("injects-by-a-value", &["TUN-25"], "lets a header value inject another header"),
    Mutant::new("injects-by-a-name", &["TUN-25"], "lets a header name inject another header"),
    Mutant::new("injects-by-a-status-text", &["TUN-25"], "lets a status text inject a header"),
    Mutant::new("injects-by-half-a-line-end", &["TUN-25"], "turns half a line end into a whole one"),
    Mutant::new("injects-an-answer", &["TUN-25"], "lets a header value inject another response"),
    Mutant::new("injects-a-cookie", &["TUN-25"], "splits a cookie in two"),
    Mutant::new("sulks-after-injections", &["TUN-22"], "answers with 502 after a response with an injection"),
    Mutant::new("fails-each-97th", &["TUN-20"], "answers every 97th of many concurrent requests with 500")
        .causing(&["TUN-23", "TUN-33", "WIRE-06"]),
];

/// The time after noise in which some mutants answer nothing, in ms.
const SHUT: u128 = 1500;

#[derive(Debug)]
pub(crate) struct PublicMutant {
    mutant: &'static str,
    /// The head of the request, and the number of bytes received after it.
    request: Head,
    begun: usize,
}

impl PublicMutant {
    pub(crate) fn new(mutant: &'static str) -> Self {
        Self { mutant, request: Head(String::new()), begun: 0 }
    }
}

impl Visit for PublicMutant {
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

    fn goes(&mut self, head: &mut Head) -> VisitReply {
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
                let is_ignored = !shared.agents.is_empty() && shared.agents.values().all(|agent| agent.turn == 0);
                if is_ignored && kind == self.mutant {
                    head.set_status(502);
                }
            }
            ("lost-is-503", 502) => head.set_status(503),
            ("hangs-up", 502) => return VisitReply::Instead(""),
            ("late-is-502", 504) => head.set_status(502),
            ("waits-forever-for-answers", 504) => return VisitReply::Never,
            ("too-large-is-400", 413) => head.set_status(400),
            ("begun-is-400", 413) if self.begun > 0 && !length.is_empty() => head.set_status(400),
            ("enormous-is-400", 413) if length.len() > 15 => head.set_status(400),
            ("too-many-chunks-are-400", 413) if length.is_empty() => head.set_status(400),
            ("asks-and-refuses", 504) if length == "1099511627776" => head.set_status(413),
            ("takes-any-chunk", 400) if length.is_empty() && request.value("transfer-encoding") == Some("chunked") => {
                head.set_status(200);
            }
            ("slow-public", _) => return VisitReply::Late(Duration::from_millis(60)),
            ("passes-hop-by-hop-back", 200) => head.add("Keep-Alive: timeout=77"),
            ("drops-too-much", _) => head.drop_lines("x-kept"),
            ("head-without-length", _) if is("HEAD") => head.drop_lines("content-length"),
            ("head-is-200", 400..) if is("HEAD") => head.set_status(200),
            ("forgets-etags", 304) => head.drop_lines("etag"),
            ("frames-nothing", 204) => head.add("Content-Length: 0"),
            ("large-is-502", 200) if head.value("content-length") == Some("16777216") => head.set_status(502),
            ("follows-redirects", 302) => head.set_status(200),
            ("drops-encoding", _) => head.drop_lines("content-encoding"),
            ("claims-gzip", 206) => head.add("Content-Encoding: gzip"),
            ("own-error-pages", 418) => return VisitReply::Instead(PAGE),
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
        VisitReply::Back
    }

    fn is_given_up(&mut self) {
        shared().orphans.push(self.request.target().to_owned());
    }
}

impl Drop for PublicMutant {
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
