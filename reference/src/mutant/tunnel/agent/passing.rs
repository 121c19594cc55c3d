//! Mutants of requests and responses on the way through an agent (TUN-12, TUN-13, TUN-16).

use serde_json::{Value, json};

use super::super::rule::{self, TunnelFrame, joined, lossy};
use super::{AgentRule, gets, sends};
use crate::mutant::link::Effect;

/// One mutant for each way to rewrite a target, and for each status that is replaced.
macro_rules! kinds {
    (targets $($target:literal: $line:literal, $write:expr;)*
     statuses $($name:literal: $old:literal => $new:literal;)*) => {
        &[
            $(
                gets($target, &["TUN-12"], $line, |_, observed, _| observed.rewritten("HttpRequest", "url", $write)),
            )*
            $(
                sends($name, &["TUN-12"], concat!("returns ", $new, " for a response with ", $old), |_, observed, _| {
                    let is_due = observed.is("HttpResponse") && *observed.data("status") == json!($old);
                    is_due.then(|| observed.with("status", $new)).flatten()
                }),
            )*
        ]
    };
}

pub(super) const KINDS: &[AgentRule] = kinds! {
    targets
    "loses-a-mark": "drops an empty query",
        |url| url.strip_suffix('?').filter(|path| *path == "/").unwrap_or(url).to_owned();
    "loses-a-query": "drops a query without a value", |url| if url == "/?a" { "/".to_owned() } else { url.to_owned() };
    "decodes": "decodes slashes in a path", |url| url.replace("%2F", "/");
    "capital-hex": "writes percent-encoding in upper case", |url| url.replace("%2f", "%2F");
    "normalises": "removes a segment that is a dot", |url| url.replace("/./", "/");
    "climbs": "removes a segment before two dots", |url| url.replace("/b/../", "/");
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
    "short-targets": "truncates a target at 8192 characters", |url| url.chars().take(8192).collect();
    statuses
    "204-is-200": 204 => 200;
    "304-is-200": 304 => 200;
    "599-is-500": 599 => 500;
    "201-is-200": 201 => 200;
};

pub(super) const RULES: &[AgentRule] = &[
    gets("loud-methods", &["TUN-12"], "writes methods in upper case", |_, observed, _| {
        observed.rewritten("HttpRequest", "method", str::to_uppercase)
    }),
    gets("purge-is-get", &["TUN-12"], "replaces an unknown method with GET", |_, observed, _| {
        observed.rewritten("HttpRequest", "method", |method| if method == "PURGE" { "GET" } else { method }.to_owned())
    }),
    sends(
        "answers-known-methods",
        &["TUN-12", "TUN-10"],
        "does not answer a request with an unknown method",
        |agent, observed, _| {
            let method = agent.asked_for(observed, "method").as_str().unwrap_or("GET");
            let is_odd = !method.chars().all(|c| c.is_ascii_uppercase());
            observed.drops_if(observed.is("HttpResponse") && is_odd)
        },
    ),
    gets("drops-odd-headers", &["TUN-12"], "drops headers with quotes", |_, observed, _| {
        observed.reheaded("HttpRequest", |headers| {
            headers.retain(|_, value| !value.as_str().is_some_and(|text| text.contains('"')));
        })
    }),
    gets("bodies-for-all", &["TUN-12"], "adds a body to a GET without body and headers", |_, observed, _| {
        let is_due = observed.data("headers") == &json!({})
            && observed.data("method") == "GET"
            && observed.data("body").is_null();
        is_due.then(|| observed.rebodied("HttpRequest", |_| b"x".to_vec())).flatten()
    }),
    gets("joins-lines", &["TUN-12"], "joins header lines of the same name", |_, observed, _| {
        observed.reheaded("HttpRequest", joined)
    })
    .causing(&["TUN-33"]),
    gets("drops-empty-headers", &["TUN-12"], "drops headers without a value", |_, observed, _| {
        observed.reheaded("HttpRequest", |headers| headers.retain(|_, value| value != ""))
    }),
    gets("invents-a-name", &["TUN-12"], "adds a user-agent", |_, observed, _| {
        observed.reheaded("HttpRequest", |headers| {
            headers.entry("user-agent").or_insert("agent/1".into());
        })
    }),
    gets("asks-for-gzip", &["TUN-12"], "adds accept-encoding", |_, observed, _| {
        observed.reheaded("HttpRequest", |headers| {
            headers.entry("accept-encoding").or_insert("gzip".into());
        })
    }),
    sends("joins-cookies", &["TUN-12"], "joins header lines of a response", |_, observed, _| {
        observed.reheaded("HttpResponse", joined)
    })
    .causing(&["TUN-33"]),
    sends("capital-headers", &["TUN-12"], "writes header names in upper case", |_, observed, _| {
        observed.reheaded("HttpResponse", |headers| {
            *headers = std::mem::take(headers).into_iter().map(|(name, value)| (name.to_uppercase(), value)).collect();
        })
    })
    .causing(&["TUN-13", "TUN-33"]),
    sends("invents-a-server", &["TUN-12"], "adds a server to answers", |_, observed, _| {
        observed.reheaded("HttpResponse", |headers| {
            headers.insert("server".to_owned(), "agent/1".into());
        })
    }),
    sends("keeps-hop-by-hop", &["TUN-12"], "returns the header keep-alive", |_, observed, _| {
        observed.reheaded("HttpResponse", |headers| {
            headers.insert("keep-alive".to_owned(), "timeout=5".into());
        })
    }),
    gets("drops-too-much", &["TUN-12"], "drops more than the hop-by-hop headers", |_, observed, _| {
        observed.reheaded("HttpRequest", |headers| headers.retain(|name, _| name != "x-kept"))
    }),
    sends("no-reason", &["TUN-12"], "drops the reason phrase", |_, observed, _| {
        (observed.is("HttpResponse") && observed.text("status_text") == "Made It")
            .then(|| observed.with("status_text", ""))
            .flatten()
    }),
    sends("local-locations", &["TUN-12", "TUN-13"], "rewrites the header location", |_, observed, _| {
        observed.reheaded("HttpResponse", |headers| {
            if let Some(location) = headers.get_mut("location") {
                *location = "/".into();
            }
        })
    }),
    gets("text-requests", &["TUN-12"], "reads the body of a request as text", |_, observed, _| {
        observed.rebodied("HttpRequest", lossy)
    })
    .causing(&["TUN-13", "TUN-33"]),
    sends("text-bodies", &["TUN-12"], "reads the body of a response as text", |_, observed, _| {
        observed.rebodied("HttpResponse", lossy)
    })
    .causing(&["TUN-13", "TUN-33"]),
    gets("takes-no-arrays", &["TUN-12"], "drops a body that is an array of bytes", |_, observed, _| {
        (observed.is("HttpRequest") && observed.data("body").is_array())
            .then(|| observed.with("body", Value::Null))
            .flatten()
    }),
    sends("first-chunks-alone", &["TUN-12"], "truncates a chunked response at 16 KiB", |_, observed, _| {
        observed.rebodied("HttpResponse", |body| body.into_iter().take(16 << 10).collect())
    }),
    gets("empty-is-a-byte", &["TUN-12"], "replaces an empty body with one byte", |_, observed, _| {
        (observed.data("body") == "").then(|| observed.rebodied("HttpRequest", |_| vec![0])).flatten()
    }),
    sends(
        "cuts-the-end",
        &["TUN-12"],
        "loses the last byte of a response that ends with its connection",
        |_, observed, _| {
            observed.rebodied("HttpResponse", |body| {
                body.strip_suffix(b"end").map_or(body.clone(), |rest| [rest, b"en"].concat())
            })
        },
    ),
    sends(
        "empty-answers-have-bodies",
        &["TUN-12"],
        "writes a body for a response with an empty one",
        |_, observed, _| {
            (*observed.data("status") == json!(200) && observed.body().is_empty())
                .then(|| observed.rebodied("HttpResponse", |_| b"null".to_vec()))
                .flatten()
        },
    )
    .causing(&["TUN-15", "TUN-33"]),
    gets("get-without-body", &["TUN-12"], "drops the body of a GET", |_, observed, _| {
        (observed.data("method") == "GET").then(|| observed.rebodied("HttpRequest", |_| Vec::new())).flatten()
    }),
    sends(
        "interim-answers-count",
        &["TUN-12", "TUN-10"],
        "returns an interim response to a GET with a body",
        |agent, observed, _| {
            let is_due = agent.asked_for(observed, "method") == "GET"
                && !agent.asked_for(observed, "body").as_str().unwrap_or_default().is_empty();
            if !observed.is("HttpResponse") || !is_due {
                return None;
            }
            let mut interim = observed.message.clone();
            interim["data"]["status"] = 103.into();
            Some(Effect {
                onward: vec![rule::frame(&interim, observed.frame), observed.frame.clone()],
                ..Effect::default()
            })
        },
    ),
    sends("head-has-a-body", &["TUN-12"], "adds a body to the response to HEAD", |agent, observed, _| {
        let is_head = agent.asked_for(observed, "method") == "HEAD";
        is_head.then(|| observed.rebodied("HttpResponse", |_| b"x".to_vec())).flatten()
    }),
    sends("follows", &["TUN-13"], "returns 200 for a redirect of the local server", |_, observed, _| {
        (observed.is("HttpResponse") && *observed.data("status") == json!(302))
            .then(|| observed.with("status", 200))
            .flatten()
    }),
    sends("unzips", &["TUN-13"], "drops content-encoding", |_, observed, _| {
        observed.reheaded("HttpResponse", |headers| headers.retain(|name, _| name != "content-encoding"))
    }),
    gets("unzips-requests", &["TUN-13"], "drops content-encoding of a request", |_, observed, _| {
        observed.reheaded("HttpRequest", |headers| headers.retain(|name, _| name != "content-encoding"))
    }),
    AgentRule::both(
        "keeps-cookies",
        &["TUN-13"],
        "sends a cookie that the local server has set",
        |agent, observed, _| {
            agent.count += usize::from(
                observed.is("HttpResponse") && observed.data("headers")["set-cookie"] == "observed=1; Path=/",
            );
            (agent.count > 0)
                .then(|| {
                    observed.reheaded("HttpRequest", |headers| {
                        headers.insert("cookie".to_owned(), "observed=1".into());
                    })
                })
                .flatten()
        },
    ),
    sends("answers-challenges", &["TUN-13"], "drops www-authenticate", |_, observed, _| {
        observed.reheaded("HttpResponse", |headers| headers.retain(|name, _| name != "www-authenticate"))
    }),
    gets("believes-chunks", &["TUN-16"], "decodes a body as chunks because of a header", |_, observed, _| {
        let is_due = observed.data("headers")["transfer-encoding"] == "chunked";
        is_due.then(|| observed.rebodied("HttpRequest", |_| Vec::new())).flatten()
    }),
    gets("believes-short-lengths", &["TUN-16"], "truncates a body to the length in a header", |_, observed, _| {
        let length = length(observed).filter(|_| observed.data("headers")["connection"].is_null())?;
        observed.rebodied("HttpRequest", |body| body.into_iter().take(length).collect())
    }),
    gets("believes-long-lengths", &["TUN-16"], "pads a body to the length in a header", |_, observed, _| {
        let length = length(observed)?;
        observed.rebodied("HttpRequest", |mut body| {
            body.resize(body.len().max(length), b' ');
            body
        })
    }),
    gets(
        "believes-the-first-length",
        &["TUN-16"],
        "truncates a body to the first of several lengths",
        |_, observed, _| {
            let is_due = observed.data("headers")["Content-Length"].is_array();
            is_due.then(|| observed.rebodied("HttpRequest", |body| body.into_iter().take(3).collect())).flatten()
        },
    ),
    gets(
        "names-what-http-needs",
        &["TUN-12", "TUN-16"],
        "truncates a body whose content-length is named by connection",
        |_, observed, _| {
            let length = length(observed).filter(|_| !observed.data("headers")["connection"].is_null())?;
            observed.rebodied("HttpRequest", |body| body.into_iter().take(length).collect())
        },
    ),
];

fn length(observed: &TunnelFrame<'_>) -> Option<usize> {
    observed.data("headers")["content-length"].as_str()?.parse().ok().filter(|_| observed.is("HttpRequest"))
}
