//! The steps that speak HTTP, each by itself, in the sight of those before it.

use std::net::IpAddr;

use super::scope::{Scope, named};
use super::steps::one_of;
use crate::scenario::step::{Fetch, Respond, Step};

/// Checks a step; those of other kinds are right here.
pub(super) fn step(step: &Step, scope: &mut Scope) -> Result<(), String> {
    match step {
        Step::Serve(serve) => {
            named(&serve.name)?;
            scope.variable(&serve.url)?;
            serve.authority.iter().try_for_each(|name| scope.variable(name))?;
            if let Some(address) = &serve.address
                && !address.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
            {
                return Err(format!("`{address}` is no address of this machine's own, as 127.0.0.2"));
            }
            scope.sites.insert(serve.name.clone());
        }
        Step::Request(request) => {
            scope.is_served(&request.at)?;
            named(&request.name)?;
            [&request.pick, &request.like].into_iter().flatten().for_each(|term| scope.binds(term));
            scope.exchanges.insert(request.name.clone());
        }
        Step::Respond(respond) => {
            scope.is_under_way(&respond.to)?;
            let Respond { status, reason, headers, body, raw, .. } = respond;
            one_of(&[("status", status.is_some()), ("raw", raw.is_some())])?;
            if status.is_some_and(|status| !(100..=599).contains(&status)) {
                return Err("`status` is from 100 to 599".to_owned());
            }
            if raw.is_some() && (!reason.is_empty() || headers.is_some() || body.is_some()) {
                return Err("`raw` stands for all of the answer: leave the rest out".to_owned());
            }
            headers.iter().try_for_each(|term| scope.knows(term))?;
            body.iter().chain(raw).try_for_each(|bytes| scope.can_send(bytes))?;
        }
        Step::Fetch(fetch) => {
            named(&fetch.name)?;
            let Fetch { from, method, target, headers, body, raw, .. } = fetch;
            one_of(&[("target", target.is_some()), ("raw", raw.is_some())])?;
            if raw.is_some() && (method.is_some() || headers.is_some() || body.is_some()) {
                return Err("`raw` stands for all of the request: leave the rest out".to_owned());
            }
            [target, headers].into_iter().flatten().chain([from]).try_for_each(|term| scope.knows(term))?;
            body.iter().chain(raw).try_for_each(|bytes| scope.can_send(bytes))?;
            scope.exchanges.insert(fetch.name.clone());
        }
        Step::Answer(answer) => {
            scope.is_under_way(&answer.of)?;
            scope.binds(&answer.like);
        }
        Step::Unvisited(unvisited) => scope.is_served(&unvisited.at)?,
        Step::Output(output) => scope.knows(&output.lacks)?,
        _ => {}
    }
    Ok(())
}
