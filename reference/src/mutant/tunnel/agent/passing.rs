//! What a request and an answer look like on the other side (TUN-12, TUN-13, TUN-16).

use serde_json::{Value, json};

use super::super::rule::{self, Seen, joined, lossy};
use super::{Row, hears, says};
use crate::mutant::link::Said;

/// A mutant for each way to write a target anew, and for each status that becomes another.
macro_rules! kinds {
    (targets $($target:literal: $line:literal, $write:expr;)*
     statuses $($name:literal: $old:literal => $new:literal;)*) => {
        &[
            $(
                hears($target, &["TUN-12"], $line, |_, seen, _| seen.rewritten("HttpRequest", "url", $write)),
            )*
            $(
                says($name, &["TUN-12"], concat!("says ", $new, " for an answer with status ", $old), |_, seen, _| {
                    let is_due = seen.is("HttpResponse") && *seen.data("status") == json!($old);
                    is_due.then(|| seen.with("status", $new)).flatten()
                }),
            )*
        ]
    };
}

pub(super) const KINDS: &[Row] = kinds! {
    targets
    "loses-a-mark": "drops an empty query",
        |url| url.strip_suffix('?').filter(|path| *path == "/").unwrap_or(url).to_owned();
    "loses-a-query": "drops a query without a value", |url| if url == "/?a" { "/".to_owned() } else { url.to_owned() };
    "decodes": "decodes slashes in a path", |url| url.replace("%2F", "/");
    "capital-hex": "writes percent-encoding in capitals", |url| url.replace("%2f", "%2F");
    "normalises": "removes a dot that is a segment", |url| url.replace("/./", "/");
    "climbs": "removes a segment with the two dots behind it", |url| url.replace("/b/../", "/");
    "merges-slashes": "merges slashes in a path", |url| match url.split_once("//") {
        Some((path, rest)) if !path.is_empty() && !path.contains(['?', ':']) => {
            format!("{path}/{}", rest.replace("//", "/"))
        }
        _ => url.to_owned(),
    };
    "encodes-quotes": "encodes quotes in a target", |url| url.replace('\'', "%27");
    "merges-slashes-in-queries": "merges slashes in a query", |url| match url.split_once('?') {
        Some((path, query)) => format!("{path}?{}", query.replace("://", ":/")),
        None => url.to_owned(),
    };
    "encodes-a-question": "encodes a question mark in a query",
        |url| if url == "/a?b?c=d" { "/a?b%3Fc=d".to_owned() } else { url.to_owned() };
    "loses-a-trailing-slash": "drops the slash at the end of a path",
        |url| if url == "/a/" { "/a".to_owned() } else { url.to_owned() };
    "short-targets": "cuts a target at 8192 characters", |url| url.chars().take(8192).collect();
    statuses
    "204-is-200": 204 => 200;
    "304-is-200": 304 => 200;
    "599-is-500": 599 => 500;
    "201-is-200": 201 => 200;
};

pub(super) const RULES: &[Row] = &[
    hears("loud-methods", &["TUN-12"], "writes methods in capitals", |_, seen, _| {
        seen.rewritten("HttpRequest", "method", str::to_uppercase)
    }),
    hears("purge-is-get", &["TUN-12"], "makes a GET of a method that it does not know", |_, seen, _| {
        seen.rewritten("HttpRequest", "method", |method| if method == "PURGE" { "GET" } else { method }.to_owned())
    }),
    says(
        "answers-known-methods",
        &["TUN-12", "TUN-10"],
        "does not answer a request whose method it does not know",
        |agent, seen, _| {
            let method = agent.asked_for(seen, "method").as_str().unwrap_or("GET");
            let is_odd = !method.chars().all(|c| c.is_ascii_uppercase());
            seen.drops_if(seen.is("HttpResponse") && is_odd)
        },
    ),
    hears("drops-odd-headers", &["TUN-12"], "drops headers with quotes", |_, seen, _| {
        seen.reheaded("HttpRequest", |headers| {
            headers.retain(|_, value| !value.as_str().is_some_and(|text| text.contains('"')));
        })
    }),
    hears("bodies-for-all", &["TUN-12"], "makes a body for a GET that has none and no headers", |_, seen, _| {
        let is_due = seen.data("headers") == &json!({}) && seen.data("method") == "GET" && seen.data("body").is_null();
        is_due.then(|| seen.rebodied("HttpRequest", |_| b"x".to_vec())).flatten()
    }),
    hears("joins-lines", &["TUN-12"], "joins header lines of one name", |_, seen, _| {
        seen.reheaded("HttpRequest", joined)
    })
    .causing(&["TUN-33"]),
    hears("drops-empty-headers", &["TUN-12"], "drops headers without a value", |_, seen, _| {
        seen.reheaded("HttpRequest", |headers| headers.retain(|_, value| value != ""))
    }),
    hears("invents-a-name", &["TUN-12"], "adds a user-agent", |_, seen, _| {
        seen.reheaded("HttpRequest", |headers| {
            headers.entry("user-agent").or_insert("agent/1".into());
        })
    }),
    hears("asks-for-gzip", &["TUN-12"], "adds accept-encoding", |_, seen, _| {
        seen.reheaded("HttpRequest", |headers| {
            headers.entry("accept-encoding").or_insert("gzip".into());
        })
    }),
    says("joins-cookies", &["TUN-12"], "joins header lines of an answer", |_, seen, _| {
        seen.reheaded("HttpResponse", joined)
    })
    .causing(&["TUN-33"]),
    says("capital-headers", &["TUN-12"], "writes names of headers in capitals", |_, seen, _| {
        seen.reheaded("HttpResponse", |headers| {
            *headers = std::mem::take(headers).into_iter().map(|(name, value)| (name.to_uppercase(), value)).collect();
        })
    })
    .causing(&["TUN-13", "TUN-33"]),
    says("invents-a-server", &["TUN-12"], "adds a server to answers", |_, seen, _| {
        seen.reheaded("HttpResponse", |headers| {
            headers.insert("server".to_owned(), "agent/1".into());
        })
    }),
    says("keeps-hop-by-hop", &["TUN-12"], "passes back keep-alive", |_, seen, _| {
        seen.reheaded("HttpResponse", |headers| {
            headers.insert("keep-alive".to_owned(), "timeout=5".into());
        })
    }),
    hears("drops-too-much", &["TUN-12"], "drops headers beside those of a hop", |_, seen, _| {
        seen.reheaded("HttpRequest", |headers| headers.retain(|name, _| name != "x-kept"))
    }),
    says("no-reason", &["TUN-12"], "drops the reason phrase", |_, seen, _| {
        (seen.is("HttpResponse") && seen.text("status_text") == "Made It")
            .then(|| seen.with("status_text", ""))
            .flatten()
    }),
    says("local-locations", &["TUN-12", "TUN-13"], "writes a location anew", |_, seen, _| {
        seen.reheaded("HttpResponse", |headers| {
            if let Some(location) = headers.get_mut("location") {
                *location = "/".into();
            }
        })
    }),
    // Bodies
    hears("text-requests", &["TUN-12"], "takes the body of a request for text", |_, seen, _| {
        seen.rebodied("HttpRequest", lossy)
    })
    .causing(&["TUN-13", "TUN-33"]),
    says("text-bodies", &["TUN-12"], "takes the body of an answer for text", |_, seen, _| {
        seen.rebodied("HttpResponse", lossy)
    })
    .causing(&["TUN-13", "TUN-33"]),
    hears("takes-no-arrays", &["TUN-12"], "drops a body that is an array of bytes", |_, seen, _| {
        (seen.is("HttpRequest") && seen.data("body").is_array()).then(|| seen.with("body", Value::Null)).flatten()
    }),
    says("first-chunks-alone", &["TUN-12"], "cuts an answer in chunks at 16 KiB", |_, seen, _| {
        seen.rebodied("HttpResponse", |body| body.into_iter().take(16 << 10).collect())
    }),
    hears("empty-is-a-byte", &["TUN-12"], "makes a byte of an empty body", |_, seen, _| {
        (seen.data("body") == "").then(|| seen.rebodied("HttpRequest", |_| vec![0])).flatten()
    }),
    says(
        "cuts-the-end",
        &["TUN-12"],
        "loses the last byte of an answer that ends with its connection",
        |_, seen, _| {
            seen.rebodied("HttpResponse", |body| {
                body.strip_suffix(b"end").map_or(body.clone(), |rest| [rest, b"en"].concat())
            })
        },
    ),
    says("empty-answers-have-bodies", &["TUN-12"], "writes a body for an answer with an empty one", |_, seen, _| {
        (*seen.data("status") == json!(200) && seen.body().is_empty())
            .then(|| seen.rebodied("HttpResponse", |_| b"null".to_vec()))
            .flatten()
    })
    .causing(&["TUN-15", "TUN-33"]),
    hears("get-without-body", &["TUN-12"], "drops the body of a GET", |_, seen, _| {
        (seen.data("method") == "GET").then(|| seen.rebodied("HttpRequest", |_| Vec::new())).flatten()
    }),
    says(
        "interim-answers-count",
        &["TUN-12", "TUN-10"],
        "passes on an interim answer to a GET with a body",
        |agent, seen, _| {
            let is_due = agent.asked_for(seen, "method") == "GET"
                && !agent.asked_for(seen, "body").as_str().unwrap_or_default().is_empty();
            if !seen.is("HttpResponse") || !is_due {
                return None;
            }
            let mut interim = seen.message.clone();
            interim["data"]["status"] = 103.into();
            Some(Said { onward: vec![rule::frame(&interim, seen.frame), seen.frame.clone()], ..Said::default() })
        },
    ),
    says("head-has-a-body", &["TUN-12"], "makes a body for the answer to HEAD", |agent, seen, _| {
        let is_head = agent.asked_for(seen, "method") == "HEAD";
        is_head.then(|| seen.rebodied("HttpResponse", |_| b"x".to_vec())).flatten()
    }),
    // Passed on, not acted on
    says("follows", &["TUN-13"], "says 200 where the local server redirects", |_, seen, _| {
        (seen.is("HttpResponse") && *seen.data("status") == json!(302)).then(|| seen.with("status", 200)).flatten()
    }),
    says("unzips", &["TUN-13"], "drops content-encoding", |_, seen, _| {
        seen.reheaded("HttpResponse", |headers| headers.retain(|name, _| name != "content-encoding"))
    }),
    hears("unzips-requests", &["TUN-13"], "drops content-encoding of a request", |_, seen, _| {
        seen.reheaded("HttpRequest", |headers| headers.retain(|name, _| name != "content-encoding"))
    }),
    Row::both("keeps-cookies", &["TUN-13"], "sends a cookie that the local server has set", |agent, seen, _| {
        agent.count += usize::from(seen.is("HttpResponse") && seen.data("headers")["set-cookie"] == "seen=1; Path=/");
        (agent.count > 0)
            .then(|| {
                seen.reheaded("HttpRequest", |headers| {
                    headers.insert("cookie".to_owned(), "seen=1".into());
                })
            })
            .flatten()
    }),
    says("answers-challenges", &["TUN-13"], "drops www-authenticate", |_, seen, _| {
        seen.reheaded("HttpResponse", |headers| headers.retain(|name, _| name != "www-authenticate"))
    }),
    // Framing
    hears("believes-chunks", &["TUN-16"], "takes a body for chunks where a header says so", |_, seen, _| {
        let is_due = seen.data("headers")["transfer-encoding"] == "chunked";
        is_due.then(|| seen.rebodied("HttpRequest", |_| Vec::new())).flatten()
    }),
    hears("believes-short-lengths", &["TUN-16"], "cuts a body where a header has it shorter", |_, seen, _| {
        let length = length(seen).filter(|_| seen.data("headers")["connection"].is_null())?;
        seen.rebodied("HttpRequest", |body| body.into_iter().take(length).collect())
    }),
    hears("believes-long-lengths", &["TUN-16"], "fills a body up where a header has it longer", |_, seen, _| {
        let length = length(seen)?;
        seen.rebodied("HttpRequest", |mut body| {
            body.resize(body.len().max(length), b' ');
            body
        })
    }),
    hears("believes-the-first-length", &["TUN-16"], "cuts a body to the first of several lengths", |_, seen, _| {
        let is_due = seen.data("headers")["Content-Length"].is_array();
        is_due.then(|| seen.rebodied("HttpRequest", |body| body.into_iter().take(3).collect())).flatten()
    }),
    hears("names-what-http-needs", &["TUN-12", "TUN-16"], "cuts a body whose length connection names", |_, seen, _| {
        let length = length(seen).filter(|_| !seen.data("headers")["connection"].is_null())?;
        seen.rebodied("HttpRequest", |body| body.into_iter().take(length).collect())
    }),
];

/// The one content-length that a request claims.
fn length(seen: &Seen<'_>) -> Option<usize> {
    seen.data("headers")["content-length"].as_str()?.parse().ok().filter(|_| seen.is("HttpRequest"))
}
