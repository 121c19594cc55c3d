//! Mutants of forwarding: to which agent, how often, and under which id (TUN-20).

use serde_json::Value;

use super::super::rule;
use super::CloudRule;
use super::shared::shared;
use crate::mutant::link::Effect;

pub(super) const RULES: &[CloudRule] = &[
    CloudRule::sent("one-id", &["TUN-20"], "gives all requests the same id", |_, observed, _| {
        observed.rewritten("HttpRequest", "id", |_| "r".to_owned())
    })
    .starving(),
    CloudRule::sent("loses-visits", &["TUN-20"], "loses page requests of browsers", |_, observed, _| {
        observed.drops_if(observed.is("HttpRequest") && observed.data("headers")["accept"] == "text/html")
    }),
    CloudRule::sent(
        "ids-come-again",
        &["TUN-20"],
        "gives every tenth request of an agent the id of its first",
        |cloud, observed, _| {
            let is_due = observed.is("HttpRequest") && cloud.asked.len().is_multiple_of(10);
            is_due.then(|| observed.with("id", cloud.asked[0].id.clone())).flatten()
        },
    )
    .causing(&["TUN-23", "WIRE-06"]),
    CloudRule::both(
        "ids-come-again-in-a-crowd",
        &["TUN-20"],
        "gives two of many concurrent requests the same id",
        |cloud, observed, _| {
            if observed.is("HttpRequest") && cloud.open().count() == 150 {
                let before = &cloud.asked[cloud.asked.len() - 2];
                cloud.held.push(rule::frame(&before.message, observed.frame));
                let (id, own) = (before.id.clone(), observed.text("id").to_owned());
                shared().texts = vec![id.clone(), own];
                return observed.with("id", id);
            }
            // The agent that got the request last answers first.
            let mut shared = shared();
            let is_same =
                observed.is("HttpResponse") && shared.texts.first().is_some_and(|id| id == observed.text("id"));
            is_same.then(|| shared.texts.pop()).flatten().and_then(|id| observed.with("id", id))
        },
    )
    .causing(&["TUN-23", "WIRE-06"]),
    CloudRule::both(
        "answers-of-a-neighbour",
        &["TUN-20"],
        "forwards one of many concurrent requests twice and another not at all",
        |cloud, observed, _| {
            let mut shared = shared();
            if observed.is("HttpRequest") && cloud.open().count() == 150 {
                let url = cloud.asked[cloud.asked.len() - 2].message["data"]["url"].clone();
                shared.texts = vec![observed.text("id").to_owned(), observed.text("url").to_owned()];
                return observed.with("url", url);
            }
            let [id, url] = &shared.texts[..] else { return None };
            if !observed.is("HttpResponse") || id != observed.text("id") {
                return None;
            }
            let mut message = observed.message.clone();
            message["data"]["headers"]["x-path"] = url.as_str().into();
            message["data"]["body"] = url.bytes().map(Value::from).collect();
            Some(observed.instead(&message))
        },
    )
    .causing(&["TUN-23", "WIRE-06"]),
    CloudRule::sent("asks-twice", &["TUN-20"], "forwards each request twice", |_, observed, _| {
        observed.is("HttpRequest").then(|| Effect::times(observed.frame, 2))
    })
    .starving(),
    CloudRule::sent("asks-twice-for-forms", &["TUN-20"], "forwards each upload of text twice", |_, observed, _| {
        let is_form = observed.data("method") == "POST" && observed.data("headers")["content-type"] == "text/plain";
        (observed.is("HttpRequest") && is_form).then(|| Effect::times(observed.frame, 2))
    })
    .causing(&["TUN-25"]),
    CloudRule::sent("asks-all", &["TUN-20"], "forwards each request to all agents", |_, observed, _| {
        observed.is("HttpRequest").then(|| Effect::broadcast(observed.frame))
    })
    .causing(&["TUN-21", "TUN-22", "TUN-02"]),
    CloudRule::sent(
        "asks-others",
        &["TUN-20"],
        "forwards each request to all agents but the latest",
        |_, observed, _| {
            (observed.is("HttpRequest") && shared().agents.values().filter(|agent| agent.turn > 0).count() > 1)
                .then(|| Effect { others: vec![observed.frame.clone()], ..Effect::default() })
        },
    )
    .causing(&["TUN-21", "TUN-22", "TUN-02", "WIRE-06", "WIRE-09", "WIRE-10", "TUN-33"]),
    CloudRule::sent(
        "latest-by-connection",
        &["TUN-20"],
        "forwards no requests if the latest connection is not the serving agent",
        |cloud, observed, _| {
            let is_later = shared().agents.iter().any(|(number, agent)| *number > cloud.number && agent.turn > 0);
            observed.drops_if(observed.is("HttpRequest") && is_later)
        },
    ),
    CloudRule::sent(
        "waits-for-the-unheard",
        &["TUN-20"],
        "forwards no requests while a later connection has not sent Auth",
        |cloud, observed, _| {
            let is_later = shared().agents.iter().any(|(number, agent)| *number > cloud.number && agent.turn == 0);
            observed.drops_if(observed.is("HttpRequest") && is_later)
        },
    )
    .causing(&["TUN-21"]),
    CloudRule::sent(
        "stumbles-when-another-goes",
        &["TUN-20"],
        "loses a request after an idle agent was lost",
        |cloud, observed, _| {
            observed.drops_if(observed.is("HttpRequest") && shared().just_lost(cloud.number, |lost| !lost.was_latest))
        },
    )
    .causing(&["TUN-21"]),
    CloudRule::sent(
        "no-stand-in",
        &["TUN-20"],
        "loses a request after the serving agent was lost",
        |cloud, observed, _| {
            observed.drops_if(observed.is("HttpRequest") && shared().just_lost(cloud.number, |lost| lost.was_latest))
        },
    )
    .causing(&["TUN-21", "WIRE-06", "TUN-02", "TUN-22", "TUN-23", "TUN-24", "TUN-25", "TUN-33", "WIRE-10"]),
    CloudRule::sent(
        "forgets-by-token",
        &["TUN-20"],
        "loses a request after an agent with another token was lost",
        |cloud, observed, _| {
            let token = cloud.token.clone();
            observed
                .drops_if(observed.is("HttpRequest") && shared().just_lost(cloud.number, |lost| lost.token != token))
        },
    ),
    CloudRule::sent(
        "asks-by-token",
        &["TUN-20"],
        "forwards no requests to agents with another token than the first",
        |cloud, observed, _| {
            let first = shared()
                .agents
                .values()
                .filter(|agent| agent.turn > 0)
                .min_by_key(|agent| agent.turn)
                .map(|agent| agent.token.clone());
            observed.drops_if(observed.is("HttpRequest") && first.is_some_and(|first| first != cloud.token))
        },
    ),
    CloudRule::received(
        "swaps-every-seventh",
        &["TUN-20"],
        "swaps every seventh answer of a connection with the one before",
        |cloud, observed, _| {
            if !observed.is("HttpResponse") {
                return None;
            }
            cloud.count += 1;
            if cloud.count % 7 == 6 && cloud.open().count() > 0 {
                cloud.held.push(observed.frame.clone());
                return Some(Effect::nothing());
            }
            let held = cloud.held.pop()?;
            let mut other = rule::read(&held);
            let mut message = observed.message.clone();
            std::mem::swap(&mut other["data"]["id"], &mut message["data"]["id"]);
            Some(observed.instead(&other).then(rule::frame(&message, observed.frame)))
        },
    )
    .causing(&["TUN-23", "WIRE-06"]),
    CloudRule::received(
        "first-come",
        &["TUN-20"],
        "gives the first answer to the first client",
        |cloud, observed, _| {
            let oldest = cloud.open().next().map(|asked| asked.id.clone());
            let own = observed.text("id").to_owned();
            let is_out_of_turn =
                observed.is("HttpResponse") && cloud.request(&own).is_some_and(|asked| asked.answers == 1);
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
            observed.with("id", oldest)
        },
    )
    .causing(&["TUN-21", "TUN-22", "TUN-23", "TUN-25", "TUN-33"]),
    CloudRule::received(
        "any-agents-answer",
        &["TUN-20"],
        "accepts the answer of an agent that did not get the request",
        |cloud, observed, _| {
            let id = observed.text("id").to_owned();
            let is_own = cloud.request(&id).is_some();
            let mut shared = shared();
            if !observed.is("HttpResponse") || id.is_empty() {
                return None;
            }
            match shared.texts.iter().position(|text| *text == id).filter(|_| is_own) {
                Some(at) => observed.with("body", shared.texts[at + 1].clone()),
                None if is_own => None,
                None => {
                    shared.texts = vec![id, observed.text("body").to_owned()];
                    None
                }
            }
        },
    )
    .causing(&["TUN-22"]),
    CloudRule::sent(
        "holds-back-a-crowd",
        &["TUN-20"],
        "forwards no requests to an agent with a hundred in flight",
        |cloud, observed, _| observed.drops_if(observed.is("HttpRequest") && cloud.open().count() > 100),
    )
    .causing(&["TUN-23", "WIRE-06"]),
    CloudRule::sent("loses-each-47th", &["TUN-20"], "loses every 47th request of an agent", |cloud, observed, _| {
        let is_request = observed.is("HttpRequest");
        cloud.count += usize::from(is_request);
        observed.drops_if(is_request && cloud.count.is_multiple_of(47))
    })
    .causing(&["TUN-23", "WIRE-06"]),
    CloudRule::sent("absolute-targets", &["TUN-20"], "forwards the whole URL if a target is one", |_, observed, _| {
        observed.rewritten("HttpRequest", "url", |url| url.replace("/absolute", "http://other.example/absolute"))
    }),
];
