//! HTTP beside the connections of the family: servers of the script, and requests to others.

use std::future::Future;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::Mutex;

use super::expect::missed;
use super::meaning::difference;
use crate::engine::player::{Fault, Player};
use crate::engine::recorder::Stop;
use crate::lint::shorten;
use crate::outcome::{By, Finding};
use crate::scenario::step::{Answer, CutBy, Fetch, Framing, Request, Respond, Serve};
use crate::scenario::{Bytes, Term};
use crate::transport::WebAddress;
use crate::transport::http::{self, HttpMessage, Site, Visit, fetch};

impl Player {
    pub(in crate::engine) async fn serve(&mut self, step: &Serve) -> Result<(), Fault> {
        let ip = step.address.as_ref().and_then(|address| address.parse().ok());
        let address = SocketAddr::new(ip.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)), 0);
        let site = Site::open(address, self.clock().clone()).await;
        let site = site.map_err(|error| Stop::Inconclusive(format!("no server can listen at {address}: {error}")))?;
        let url = format!("http://{}", site.address());
        self.story.transcript.add(self.clock().now(), &self.full_name(&step.name), By::Runner, format!("serves {url}"));
        self.variables.insert(step.url.clone(), url.into());
        if let Some(authority) = &step.authority {
            self.variables.insert(authority.clone(), site.address().to_string().into());
        }
        self.sites.insert(step.name.clone(), Arc::new(site));
        self.own_sites.push(step.name.clone());
        Ok(())
    }

    pub(super) fn site(&self, name: &str) -> Result<Arc<Site>, Stop> {
        let site = self.sites.get(name).map(Arc::clone);
        site.ok_or_else(|| Stop::Harness(format!("no server is called `{name}`")))
    }

    pub(in crate::engine) async fn request(&mut self, step: &Request) -> Result<(), Fault> {
        let site = self.site(&step.at)?;
        let name = self.full_name(&step.name);
        let variables = &self.variables;
        let chosen = |visit: &Visit| match (&step.pick, &visit.request) {
            (Some(pick), Ok(request)) => pick.matches(&request.value(), variables).is_ok(),
            _ => true,
        };
        let within = self.within(step.within.as_ref());
        let awaited =
            || step.pick.as_ref().or(step.like.as_ref()).map_or("a request".to_owned(), |term| term.shown(variables));
        let visit = self.timely(&name, within, awaited, site.next(chosen)).await.map_err(|fault| match fault {
            Fault::Broken(finding) => Finding { got: site.untaken(), ..*finding }.into(),
            other => other,
        })?;
        let request = visit.request.map_err(|problem| Finding {
            what: "a request came that is wrong".to_owned(),
            expected: Some("HTTP/1.1 as RFC 9112 has it, to be read in one way only".to_owned()),
            got: Some(problem),
            connection: Some(name.clone()),
            at_ms: Some(self.story.transcript.ms(visit.at)),
            ..Finding::default()
        })?;
        self.story.transcript.add(visit.at, &name, By::Subject, request.told());
        let value = request.value();
        for term in [&step.pick, &step.like].into_iter().flatten() {
            self.compare(&name, visit.at, term, &value, "request")?;
        }
        self.exchanges.insert(step.name.clone(), Arc::new(Mutex::new(visit.exchange)));
        Ok(())
    }

    /// Holds a message against a pattern, which gives variables their values.
    pub(super) fn compare(
        &mut self,
        name: &str,
        at: crate::clock::Moment,
        term: &Term,
        value: &Value,
        kind: &str,
    ) -> Result<(), Fault> {
        match term.matches(value, &self.variables) {
            Ok(bindings) => {
                self.variables.extend(bindings);
                Ok(())
            }
            Err(mismatch) => Err(Finding {
                what: difference(kind, mismatch).unwrap_or_else(|| format!("another {kind} came")),
                expected: Some(shorten(&term.shown(&self.variables))),
                got: Some(shorten(&value.to_string())),
                connection: Some(name.to_owned()),
                at_ms: Some(self.story.transcript.ms(at)),
                ..Finding::default()
            }
            .into()),
        }
    }

    /// Waits for something until a deadline, and past it by as much as the machine was late meanwhile.
    async fn timely<T>(
        &self,
        name: &str,
        within: Duration,
        expected: impl Fn() -> String,
        future: impl Future<Output = T>,
    ) -> Result<T, Fault> {
        let clock = self.clock();
        let start = clock.now();
        tokio::pin!(future);
        loop {
            let until = start + within + clock.noise(start, clock.now());
            if let Some(value) = clock.within(until, &mut future).await {
                return Ok(value);
            }
            let noise = clock.noise(start, clock.now());
            if clock.now() < start + within + noise {
                continue;
            }
            return Err(match missed(within, noise, name) {
                Fault::Broken(finding) => Finding { expected: Some(shorten(&expected())), ..*finding }.into(),
                other => other,
            });
        }
    }

    pub(in crate::engine) async fn respond(&mut self, step: &Respond) -> Result<(), Fault> {
        let exchange = self.exchange(&step.to)?;
        let exchange = exchange.lock().await;
        let name = self.full_name(&step.to);
        if let Some(raw) = &step.raw {
            let bytes = raw.fill(&self.variables).map_err(Stop::Harness)?;
            self.tell_raw(&name, &bytes);
            exchange.write(bytes);
            return Ok(());
        }
        let status = step.status.unwrap_or(200);
        let lines = self.lines(step.headers.as_ref())?;
        let body = self.body(step.body.as_ref(), step.framing)?;
        let told = format!("HTTP {status} {} ({} bytes)", step.reason, body.bytes.len());
        self.story.transcript.add(self.clock().now(), &name, By::Runner, told);
        exchange.write(http::response(status, &step.reason, &lines, &body, &exchange.method));
        if body.framing == http::Framing::End {
            exchange.fin();
        } else {
            exchange.done();
        }
        Ok(())
    }

    pub(in crate::engine) async fn fetch(&mut self, step: &Fetch) -> Result<(), Fault> {
        let name = self.full_name(&step.name);
        let url = self.text(&step.from)?;
        let address = WebAddress::of_http(&url).map_err(Stop::Inconclusive)?;
        let (method, bytes) = match (&step.raw, &step.target) {
            (Some(raw), _) => (String::new(), raw.fill(&self.variables).map_err(Stop::Harness)?),
            (None, target) => {
                let method = step.method.clone().unwrap_or_else(|| "GET".to_owned());
                let target = target.as_ref().map_or(Ok("/".to_owned()), |target| self.text(target))?;
                let target = address.target(&target);
                let lines = self.lines(step.headers.as_ref())?;
                let body = self.body(step.body.as_ref(), step.framing)?;
                let bytes = http::request(&method, &target, &address.authority(), &lines, &body);
                (method, bytes)
            }
        };
        self.tell_raw(&name, &bytes);
        let stage = &self.story.stage;
        let tls = self.story.target().ok().and_then(|target| target.route().tls.clone());
        let deadline = self.clock().now() + stage.handshake_deadline;
        let fetching = fetch(address, tls, &method, bytes, self.clock().clone());
        let exchange = match self.clock().within(deadline, fetching).await {
            Some(Ok(exchange)) => exchange,
            Some(Err(error)) => return Err(Stop::Inconclusive(format!("{url} could not be reached: {error}")).into()),
            None => return Err(Stop::Inconclusive(format!("{url} accepted no connection in time")).into()),
        };
        self.exchanges.insert(step.name.clone(), Arc::new(Mutex::new(exchange)));
        Ok(())
    }

    pub(in crate::engine) async fn answer(&mut self, step: &Answer) -> Result<(), Fault> {
        let exchange = self.exchange(&step.of)?;
        let mut exchange = exchange.lock().await;
        let name = self.full_name(&step.of);
        let within = self.within(step.within.as_ref());
        let awaited = || step.like.shown(&self.variables);
        let (at, answer) = self.timely(&name, within, awaited, exchange.answer()).await?;
        drop(exchange);
        let answer: HttpMessage = answer.map_err(|error| Finding {
            what: "no whole answer came".to_owned(),
            expected: Some(shorten(&step.like.shown(&self.variables))),
            got: Some(error.to_string()),
            connection: Some(name.clone()),
            at_ms: Some(self.story.transcript.ms(at)),
            ..Finding::default()
        })?;
        self.story.transcript.add(at, &name, By::Subject, answer.told());
        self.compare(&name, at, &step.like, &answer.value(), "answer")
    }

    /// Ends the connection of a request; false where no request has this name.
    pub(super) async fn cut_exchange(&self, name: &str, by: CutBy) -> bool {
        let Some(exchange) = self.exchanges.get(name) else { return false };
        let exchange = exchange.lock().await;
        let (cut, what): (fn(&http::Exchange), _) = match by {
            CutBy::Reset => (http::Exchange::reset, "cut by RST"),
            CutBy::Fin => (http::Exchange::fin, "cut by FIN"),
        };
        self.story.transcript.add(self.clock().now(), &self.full_name(name), By::Runner, what.to_owned());
        cut(&exchange);
        true
    }

    fn exchange(&self, name: &str) -> Result<Arc<Mutex<http::Exchange>>, Stop> {
        let exchange = self.exchanges.get(name).map(Arc::clone);
        exchange.ok_or_else(|| Stop::Harness(format!("no request is called `{name}`")))
    }

    fn tell_raw(&self, name: &str, bytes: &[u8]) {
        let head = bytes.split(|byte| *byte == b'\r').next().unwrap_or_default();
        let told = format!("{} ({} bytes)", shorten(head), bytes.len());
        self.story.transcript.add(self.clock().now(), name, By::Runner, told);
    }

    pub(super) fn text(&self, term: &Term) -> Result<String, Stop> {
        match term.fill(&self.variables).map_err(Stop::Harness)? {
            Value::String(text) => Ok(text),
            other => Ok(other.to_string()),
        }
    }

    /// Header lines from an object of strings and lists.
    fn lines(&self, headers: Option<&Term>) -> Result<Vec<(String, String)>, Stop> {
        let headers = headers.map(|term| term.fill(&self.variables).map_err(Stop::Harness)).transpose()?;
        let mut lines = Vec::new();
        for (name, value) in headers.as_ref().and_then(Value::as_object).into_iter().flatten() {
            let values = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
            for value in values {
                lines.push((name.clone(), value.as_str().map_or_else(|| value.to_string(), str::to_owned)));
            }
        }
        Ok(lines)
    }

    fn body(&self, body: Option<&Bytes>, framing: Framing) -> Result<http::Body, Stop> {
        let bytes = body.map(|bytes| bytes.fill(&self.variables)).transpose().map_err(Stop::Harness)?;
        let framing = match framing {
            Framing::Length => http::Framing::Length,
            Framing::Chunked => http::Framing::Chunked,
            Framing::End => http::Framing::End,
        };
        Ok(http::Body { bytes: bytes.unwrap_or_default(), framing })
    }
}
