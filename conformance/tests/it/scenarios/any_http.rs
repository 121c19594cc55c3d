//! Steps of every form that speak HTTP, right in form but rarely in sense.

use conformance::scenario::Step;
use conformance::scenario::step::{Answer, Fetch, Framing, Output, Request, Respond, Serve, Unvisited};
use proptest::option::of;
use proptest::prelude::*;
use proptest::strategy::Union;

use super::any_script::{bytes, check, name, span, term, text};

pub(super) fn step() -> BoxedStrategy<Step> {
    Union::new([
        (name(), name(), of(name()), of(text()))
            .prop_map(|(name, url, authority, address)| Step::Serve(Serve { name, url, authority, address }))
            .boxed(),
        (name(), name(), of(term()), of(term()), of(span()), of(check()))
            .prop_map(|(name, at, pick, like, within, check)| {
                Step::Request(Request { name, at, pick, like, within, check })
            })
            .boxed(),
        (name(), of(100..600_u16), text(), of(term()), of(bytes()), framing(), of(bytes()))
            .prop_map(|(to, status, reason, headers, body, framing, raw)| {
                Step::Respond(Respond { to, status, reason, headers, body, framing, raw })
            })
            .boxed(),
        (name(), term(), of(text()), of(term()), of(term()), of(bytes()), framing(), of(bytes()))
            .prop_map(|(name, from, method, target, headers, body, framing, raw)| {
                Step::Fetch(Fetch { name, from, method, target, headers, body, framing, raw })
            })
            .boxed(),
        (name(), term(), of(span()), of(check()))
            .prop_map(|(of, like, within, check)| Step::Answer(Answer { of, like, within, check }))
            .boxed(),
        (name(), span(), of(check()))
            .prop_map(|(at, span, check)| Step::Unvisited(Unvisited { at, span, check }))
            .boxed(),
        (term(), check()).prop_map(|(lacks, check)| Step::Output(Output { lacks, check })).boxed(),
    ])
    .boxed()
}

fn framing() -> impl Strategy<Value = Framing> {
    prop_oneof![Just(Framing::Length), Just(Framing::Chunked), Just(Framing::End)]
}
