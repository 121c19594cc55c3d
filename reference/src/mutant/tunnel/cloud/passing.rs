//! Mutants of methods, targets and headers of forwarded requests (TUN-25).

use serde_json::{Map, Value};

use super::super::rule::{self, joined};
use super::CloudRule;
use crate::mutant::link::Effect;

/// One mutant for each method that is replaced, each way to rewrite a target, and each hop-by-hop header.
macro_rules! kinds {
    (methods $($name:literal: $method:literal => $other:literal;)*
     targets $($target:literal: $line:literal, $write:expr;)*
     hops $($hop:literal: $header:literal = $value:literal;)*) => {
        &[
            $(
                CloudRule::sent(
                    $name, &["TUN-25"], concat!("forwards ", $other, " instead of ", $method),
                    |_, observed, _| {
                        let is_due = observed.data("method") == $method;
                        is_due.then(|| observed.rewritten("HttpRequest", "method", |_| $other.to_owned())).flatten()
                    },
                ),
            )*
            $(
                CloudRule::sent(
                    $target, &["TUN-25"], $line, |_, observed, _| observed.rewritten("HttpRequest", "url", $write),
                ).causing(&["TUN-20", "TUN-33"]),
            )*
            $(
                CloudRule::sent(
                    $hop, &["TUN-25"], concat!("forwards the hop-by-hop header ", $header),
                    |_, observed, _| {
                        let is_due = observed.data("headers")["authorization"] == "Basic YTpi" || observed.data("url") == "/f";
                        let add = |headers: &mut Map<String, Value>| {
                            headers.insert($header.to_owned(), $value.into());
                        };
                        is_due.then(|| observed.reheaded("HttpRequest", add)).flatten()
                    },
                ),
            )*
        ]
    };
}

pub(super) const KINDS: &[CloudRule] = kinds! {
    methods
    "put-is-post": "PUT" => "POST";
    "delete-is-get": "DELETE" => "GET";
    "patch-is-post": "PATCH" => "POST";
    "options-is-get": "OPTIONS" => "GET";
    "trace-is-get": "TRACE" => "GET";
    "head-is-get": "HEAD" => "GET";
    "propfind-is-get": "PROPFIND" => "GET";
    "hyphens-are-cut": "M-SEARCH" => "SEARCH";
    "capitals": "get" => "GET";
    "odd-methods-are-get": "!#%&'*+-.^_`|~1" => "GET";
    targets
    "index-for-the-root": "requests an index if the target is the root",
        |url| if url == "/" { "/index.html".to_owned() } else { url.to_owned() };
    "decodes-blanks": "decodes spaces in a target", |url| url.replace("%20", " ");
    "decodes-slashes": "decodes slashes in a target", |url| url.replace("%2F", "/");
    "capital-hex": "writes percent-encoding in upper case", |url| url.replace("%c3", "%C3");
    "decodes-dots": "decodes dots in a target", |url| url.replace("%2e", ".");
    "drops-empty-queries": "drops an empty query",
        |url| url.strip_suffix('?').filter(|rest| rest.len() > 1).unwrap_or(url).to_owned();
    "drops-empty-queries-of-the-root": "drops an empty query of the root",
        |url| if url == "/?" { "/".to_owned() } else { url.to_owned() };
    "removes-dots": "removes a segment that is a dot", |url| url.replace("/./", "/");
    "climbs": "removes two dots at the root", |url| url.replace("/../..", "");
    "merges-slashes": "merges slashes in a path",
        |url| if url.contains('?') || url.contains(':') { url.to_owned() } else { url.replace("//", "/") };
    "merges-slashes-in-urls": "merges slashes after a colon", |url| url.replace("://", ":/");
    "plus-is-blank": "decodes a plus in a query as a space", |url| match url.split_once('?') {
        Some((path, query)) => format!("{path}?{}", query.replace('+', "%20")),
        None => url.to_owned(),
    };
    "drops-parameters": "drops the parameters of a path", |url| url.split(';').next().unwrap_or(url).to_owned();
    "cuts-targets": "truncates a target at 4096 characters", |url| url.chars().take(4096).collect();
    hops
    "passes-connection": "connection" = "keep-alive";
    "passes-keep-alive": "keep-alive" = "timeout=5";
    "passes-te": "te" = "trailers";
    "passes-proxies": "proxy-authorization" = "Basic YTpi";
    "passes-trailer": "trailer" = "X-Sum";
};

pub(super) const RULES: &[CloudRule] = &[
    CloudRule::sent(
        "keeps-tunnel",
        &["TUN-25"],
        "treats a public request for the agents' path as one of an agent",
        |_, observed, _| observed.drops_if(observed.is("HttpRequest") && observed.data("url") == "/tunnel"),
    ),
    CloudRule::sent("names-as-they-came", &["TUN-25"], "writes header names with capitals", |_, observed, _| {
        observed.reheaded("HttpRequest", |headers| {
            *headers = std::mem::take(headers).into_iter().map(|(name, value)| (titled(&name), value)).collect();
        })
    })
    .causing(&["TUN-20", "TUN-33"]),
    CloudRule::sent("drops-empty-headers", &["TUN-25"], "drops headers without a value", |_, observed, _| {
        observed.reheaded("HttpRequest", |headers| headers.retain(|_, value| value != ""))
    }),
    CloudRule::sent("trims-quotes", &["TUN-25"], "drops the quotes of a header", |_, observed, _| {
        observed.reheaded("HttpRequest", |headers| each(headers, |text| text.replace('"', "")))
    }),
    CloudRule::sent("joins-lines", &["TUN-25"], "joins header lines of the same name", |_, observed, _| {
        observed.reheaded("HttpRequest", joined)
    })
    .causing(&["TUN-33"]),
    CloudRule::sent(
        "last-line",
        &["TUN-25"],
        "keeps only the last of several header lines of the same name",
        |_, observed, _| {
            observed.reheaded("HttpRequest", |headers| {
                for value in headers.values_mut() {
                    if let Some(last) = value.as_array().and_then(|values| values.last().cloned()) {
                        *value = last;
                    }
                }
            })
        },
    )
    .causing(&["TUN-33"]),
    CloudRule::sent("sorts-lines", &["TUN-25"], "sorts header lines of the same name", |_, observed, _| {
        observed.reheaded("HttpRequest", |headers| {
            for values in headers.values_mut().filter_map(Value::as_array_mut) {
                values.sort_by_key(|value| value.as_str().unwrap_or_default().to_owned());
            }
        })
    }),
    CloudRule::sent(
        "one-spelling",
        &["TUN-25"],
        "keeps only the lines with one spelling of a name",
        |_, observed, _| {
            observed.reheaded("HttpRequest", |headers| {
                if headers.contains_key("x-blanks") && headers.get("x-twice").is_some_and(Value::is_array) {
                    headers.insert("x-twice".to_owned(), "one".into());
                }
            })
        },
    ),
    CloudRule::sent("cuts-headers", &["TUN-25"], "truncates header values at 4096 characters", |_, observed, _| {
        observed.reheaded("HttpRequest", |headers| each(headers, |text| text.chars().take(4096).collect()))
    }),
    CloudRule::sent("passes-named", &["TUN-25"], "forwards a header that connection names", |_, observed, _| {
        let is_due = observed.data("headers")["x-kept"] == "kept";
        is_due
            .then(|| {
                observed.reheaded("HttpRequest", |headers| {
                    headers.insert("x-private".to_owned(), "secret".into());
                })
            })
            .flatten()
    }),
    CloudRule::sent(
        "drops-all-x",
        &["TUN-25"],
        "drops more headers than those that connection names",
        |_, observed, _| {
            observed.reheaded("HttpRequest", |headers| headers.retain(|name, _| !name.starts_with("x-kept")))
        },
    ),
    CloudRule::sent("drops-authorization", &["TUN-25"], "does not forward authorization", |_, observed, _| {
        observed.reheaded("HttpRequest", |headers| headers.retain(|name, _| name != "authorization"))
    }),
    CloudRule::sent("passes-framing", &["TUN-25"], "forwards the framing headers of a request", |_, observed, _| {
        let is_due = !observed.body().is_empty() && observed.data("headers").get("content-length").is_none();
        is_due
            .then(|| {
                observed.reheaded("HttpRequest", |headers| {
                    headers.insert("transfer-encoding".to_owned(), "chunked".into());
                })
            })
            .flatten()
    }),
    CloudRule::sent("passes-trailers", &["TUN-25"], "forwards trailers as headers", |_, observed, _| {
        let is_due = observed.body() == b"hello" && observed.data("headers").get("content-length").is_none();
        is_due
            .then(|| {
                observed.reheaded("HttpRequest", |headers| {
                    headers.insert("x-sum".to_owned(), "5".into());
                })
            })
            .flatten()
    }),
    CloudRule::sent("other-host", &["TUN-25"], "replaces the host with its own name", |_, observed, _| {
        observed.reheaded("HttpRequest", |headers| {
            headers.insert("host".to_owned(), "localhost".into());
        })
    })
    .causing(&["TUN-20", "TUN-33"]),
    CloudRule::sent(
        "asks-anew-late",
        &["TUN-25"],
        "splits a target with a line feed into two requests",
        |_, observed, _| {
            if !observed.is("HttpRequest") || observed.data("url") != "/last" {
                return None;
            }
            let mut message = observed.message.clone();
            message["data"]["id"] = "injected".into();
            message["data"]["url"] = "/a".into();
            Some(Effect {
                onward: vec![rule::frame(&message, observed.frame), observed.frame.clone()],
                ..Effect::default()
            })
        },
    ),
    CloudRule::received("joins-cookies", &["TUN-25"], "joins set-cookie lines of a response", |_, observed, _| {
        observed.reheaded("HttpResponse", joined)
    })
    .causing(&["TUN-33"]),
    CloudRule::received(
        "first-cookie-alone",
        &["TUN-25"],
        "keeps only the first of several set-cookie lines",
        |_, observed, _| {
            observed.reheaded("HttpResponse", |headers| {
                if let Some(first) = headers.get("set-cookie").and_then(|values| values.as_array()?.first().cloned()) {
                    headers.insert("set-cookie".to_owned(), first);
                }
            })
        },
    )
    .causing(&["TUN-33"]),
    CloudRule::received(
        "drops-a-cookie-alone",
        &["TUN-25"],
        "drops a set-cookie that is not an array",
        |_, observed, _| {
            observed.reheaded("HttpResponse", |headers| {
                headers.retain(|name, value| name != "set-cookie" || value.is_array());
            })
        },
    ),
    CloudRule::received(
        "drops-a-list-of-one",
        &["TUN-25"],
        "drops headers that are an array of one",
        |_, observed, _| {
            observed.reheaded("HttpResponse", |headers| {
                headers.retain(|_, value| value.as_array().is_none_or(|values| values.len() != 1));
            })
        },
    ),
    CloudRule::received(
        "one-spelling-of-cookies",
        &["TUN-25"],
        "recognizes set-cookie in lower case only",
        |_, observed, _| {
            observed.reheaded("HttpResponse", |headers| {
                headers.retain(|name, _| !matches!(&**name, "Set-Cookie" | "SET-COOKIE"));
            })
        },
    ),
    CloudRule::received(
        "cuts-bodies",
        &["TUN-25"],
        "truncates a body to the content-length of a response",
        |_, observed, _| {
            let length = observed.data("headers")["content-length"].as_str().and_then(|length| length.parse().ok());
            let length = length.filter(|length| *length < observed.body().len())?;
            let action = observed.rebodied("HttpResponse", |body| body.into_iter().take(length).collect())?;
            Some(Effect { onward: action.onward, ..Effect::default() })
        },
    ),
    CloudRule::received(
        "chokes-on-codings",
        &["TUN-25"],
        "drops the body of a response with transfer-encoding",
        |_, observed, _| {
            let is_due = !observed.data("headers")["transfer-encoding"].is_null();
            is_due.then(|| observed.rebodied("HttpResponse", |_| Vec::new())).flatten()
        },
    ),
];

fn each(headers: &mut Map<String, Value>, change: impl Fn(&str) -> String) {
    for value in headers.values_mut() {
        if let Value::String(text) = value {
            *text = change(text);
        }
    }
}

fn titled(name: &str) -> String {
    let (first, rest) = name.split_at(1.min(name.len()));
    first.to_ascii_uppercase() + rest
}
