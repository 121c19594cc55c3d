//! Whom the cloud asks, how often, and by which id (TUN-20).

use serde_json::Value;

use super::super::rule;
use super::Row;
use super::shared::shared;
use crate::mutant::link::Said;

pub(super) const RULES: &[Row] = &[
    Row::told("one-id", &["TUN-20"], "gives all requests the same id", |_, seen, _| {
        seen.rewritten("HttpRequest", "id", |_| "r".to_owned())
    })
    .starving(),
    Row::told("loses-visits", &["TUN-20"], "loses requests of browsers for a page", |_, seen, _| {
        seen.drops_if(seen.is("HttpRequest") && seen.data("headers")["accept"] == "text/html")
    }),
    Row::told(
        "ids-come-again",
        &["TUN-20"],
        "gives every tenth request of an agent the id of its first",
        |cloud, seen, _| {
            let is_due = seen.is("HttpRequest") && cloud.asked.len().is_multiple_of(10);
            is_due.then(|| seen.with("id", cloud.asked[0].id.clone())).flatten()
        },
    )
    .causing(&["TUN-23", "WIRE-06"]),
    Row::both(
        "ids-come-again-in-a-crowd",
        &["TUN-20"],
        "gives two requests one id while many are under way",
        |cloud, seen, _| {
            if seen.is("HttpRequest") && cloud.open().count() == 150 {
                let before = &cloud.asked[cloud.asked.len() - 2];
                cloud.held.push(rule::frame(&before.message, seen.frame));
                let (id, own) = (before.id.clone(), seen.text("id").to_owned());
                shared().texts = vec![id.clone(), own];
                return seen.with("id", id);
            }
            // Who is asked last answers first.
            let mut shared = shared();
            let is_same = seen.is("HttpResponse") && shared.texts.first().is_some_and(|id| id == seen.text("id"));
            is_same.then(|| shared.texts.pop()).flatten().and_then(|id| seen.with("id", id))
        },
    )
    .causing(&["TUN-23", "WIRE-06"]),
    Row::both(
        "answers-of-a-neighbour",
        &["TUN-20"],
        "asks twice for one page and never for the other while many are under way",
        |cloud, seen, _| {
            let mut shared = shared();
            if seen.is("HttpRequest") && cloud.open().count() == 150 {
                let url = cloud.asked[cloud.asked.len() - 2].message["data"]["url"].clone();
                shared.texts = vec![seen.text("id").to_owned(), seen.text("url").to_owned()];
                return seen.with("url", url);
            }
            let [id, url] = &shared.texts[..] else { return None };
            if !seen.is("HttpResponse") || id != seen.text("id") {
                return None;
            }
            let mut message = seen.message.clone();
            message["data"]["headers"]["x-path"] = url.as_str().into();
            message["data"]["body"] = url.bytes().map(Value::from).collect();
            Some(seen.instead(&message))
        },
    )
    .causing(&["TUN-23", "WIRE-06"]),
    Row::told("asks-twice", &["TUN-20"], "sends each request twice", |_, seen, _| {
        seen.is("HttpRequest").then(|| Said::times(seen.frame, 2))
    })
    .starving(),
    Row::told("asks-twice-for-forms", &["TUN-20"], "sends each upload of text twice", |_, seen, _| {
        let is_form = seen.data("method") == "POST" && seen.data("headers")["content-type"] == "text/plain";
        (seen.is("HttpRequest") && is_form).then(|| Said::times(seen.frame, 2))
    })
    .causing(&["TUN-25"]),
    Row::told("asks-all", &["TUN-20"], "sends each request to all agents", |_, seen, _| {
        seen.is("HttpRequest").then(|| Said::told_to_all(seen.frame))
    })
    .causing(&["TUN-21", "TUN-22", "TUN-02"]),
    Row::told("asks-others", &["TUN-20"], "sends each request to all agents but the latest", |_, seen, _| {
        (seen.is("HttpRequest") && shared().agents.values().filter(|agent| agent.turn > 0).count() > 1)
            .then(|| Said { others: vec![seen.frame.clone()], ..Said::default() })
    })
    .causing(&["TUN-21", "TUN-22", "TUN-02", "WIRE-06", "WIRE-09", "WIRE-10", "TUN-33"]),
    Row::told(
        "latest-by-connection",
        &["TUN-20"],
        "asks nobody where the agent that connected last is another",
        |cloud, seen, _| {
            let is_later = shared().agents.iter().any(|(number, agent)| *number > cloud.number && agent.turn > 0);
            seen.drops_if(seen.is("HttpRequest") && is_later)
        },
    ),
    Row::told(
        "waits-for-the-unheard",
        &["TUN-20"],
        "asks nobody while a later connection has not said Auth",
        |cloud, seen, _| {
            let is_later = shared().agents.iter().any(|(number, agent)| *number > cloud.number && agent.turn == 0);
            seen.drops_if(seen.is("HttpRequest") && is_later)
        },
    )
    .causing(&["TUN-21"]),
    Row::told(
        "stumbles-when-another-goes",
        &["TUN-20"],
        "loses a request after an agent that does not serve was lost",
        |cloud, seen, _| {
            seen.drops_if(seen.is("HttpRequest") && shared().just_lost(cloud.number, |lost| !lost.was_latest))
        },
    )
    .causing(&["TUN-21"]),
    Row::told("no-stand-in", &["TUN-20"], "loses a request after the agent that serves was lost", |cloud, seen, _| {
        seen.drops_if(seen.is("HttpRequest") && shared().just_lost(cloud.number, |lost| lost.was_latest))
    })
    .causing(&["TUN-21", "WIRE-06", "TUN-02", "TUN-22", "TUN-23", "TUN-24", "TUN-25", "TUN-33", "WIRE-10"]),
    Row::told(
        "forgets-by-token",
        &["TUN-20"],
        "loses a request after an agent with another token was lost",
        |cloud, seen, _| {
            let token = cloud.token.clone();
            seen.drops_if(seen.is("HttpRequest") && shared().just_lost(cloud.number, |lost| lost.token != token))
        },
    ),
    Row::told(
        "asks-by-token",
        &["TUN-20"],
        "asks no agent with another token than the first one's",
        |cloud, seen, _| {
            let first = shared()
                .agents
                .values()
                .filter(|agent| agent.turn > 0)
                .min_by_key(|agent| agent.turn)
                .map(|agent| agent.token.clone());
            seen.drops_if(seen.is("HttpRequest") && first.is_some_and(|first| first != cloud.token))
        },
    ),
    Row::heard(
        "swaps-every-seventh",
        &["TUN-20"],
        "swaps every seventh answer of a connection with the one before",
        |cloud, seen, _| {
            if !seen.is("HttpResponse") {
                return None;
            }
            cloud.count += 1;
            if cloud.count % 7 == 6 && cloud.open().count() > 0 {
                cloud.held.push(seen.frame.clone());
                return Some(Said::nothing());
            }
            let held = cloud.held.pop()?;
            let mut other = rule::read(&held);
            let mut message = seen.message.clone();
            std::mem::swap(&mut other["data"]["id"], &mut message["data"]["id"]);
            Some(seen.instead(&other).then(rule::frame(&message, seen.frame)))
        },
    )
    .causing(&["TUN-23", "WIRE-06"]),
    Row::heard("first-come", &["TUN-20"], "gives the first answer to the first who asked", |cloud, seen, _| {
        let oldest = cloud.open().next().map(|asked| asked.id.clone());
        // This one is no longer open.
        let own = seen.text("id").to_owned();
        let is_out_of_turn = seen.is("HttpResponse") && cloud.request(&own).is_some_and(|asked| asked.answers == 1);
        let (Some(oldest), true) = (oldest, is_out_of_turn) else { return None };
        let place = |id: &str| cloud.asked.iter().position(|asked| asked.id == id);
        if place(&oldest) > place(&own) {
            return None;
        }
        for asked in &mut cloud.asked {
            if asked.id == oldest || asked.id == own {
                asked.answers = 1 - asked.answers.min(1);
            }
        }
        seen.with("id", oldest)
    })
    .causing(&["TUN-21", "TUN-22", "TUN-23", "TUN-25", "TUN-33"]),
    Row::heard(
        "any-agents-answer",
        &["TUN-20"],
        "takes the answer of an agent that was not asked",
        |cloud, seen, _| {
            let id = seen.text("id").to_owned();
            let is_own = cloud.request(&id).is_some();
            let mut shared = shared();
            if !seen.is("HttpResponse") || id.is_empty() {
                return None;
            }
            match shared.texts.iter().position(|text| *text == id).filter(|_| is_own) {
                Some(at) => seen.with("body", shared.texts[at + 1].clone()),
                None if is_own => None,
                None => {
                    shared.texts = vec![id, seen.text("body").to_owned()];
                    None
                }
            }
        },
    )
    .causing(&["TUN-22"]),
    Row::told(
        "holds-back-a-crowd",
        &["TUN-20"],
        "asks no agent that has a hundred requests under way",
        |cloud, seen, _| seen.drops_if(seen.is("HttpRequest") && cloud.open().count() > 100),
    )
    .causing(&["TUN-23", "WIRE-06"]),
    Row::told("loses-each-47th", &["TUN-20"], "loses every 47th request of an agent", |cloud, seen, _| {
        let is_request = seen.is("HttpRequest");
        cloud.count += usize::from(is_request);
        seen.drops_if(is_request && cloud.count.is_multiple_of(47))
    })
    .causing(&["TUN-23", "WIRE-06"]),
    Row::told("absolute-targets", &["TUN-20"], "asks for the whole URL where a target is one", |_, seen, _| {
        seen.rewritten("HttpRequest", "url", |url| url.replace("/absolute", "http://other.example/absolute"))
    }),
];
