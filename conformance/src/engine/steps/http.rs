//! HTTP steps beside the connections of the family: servers of the script, and requests to other servers.

use std::future::Future;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::Mutex;

use super::expect::missed;
use super::matching::difference;
use super::{Execute, Executor, StepFailure, Stop};
use crate::lint::shorten;
use crate::outcome::{By, Finding};
use crate::scenario::step::{Answer, CutBy, Fetch, Framing, Request, Respond, Serve};
use crate::scenario::{Bytes, Term};
use crate::transport::WebAddress;
use crate::transport::http::{self, HttpMessage, HttpServer, IncomingRequest, fetch};

impl Execute for Serve {
    async fn execute(&self, executor: &mut Executor) -> Result<(), StepFailure> {
        let ip = self.address.as_ref().and_then(|address| address.parse().ok());
        let address = SocketAddr::new(ip.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)), 0);
        let server = HttpServer::open(address, executor.clock().clone()).await;
        let server = server.map_err(|error| Stop::Inconclusive(format!("cannot listen on {address}: {error}")))?;
        let url = format!("http://{}", server.address());
        executor.log(&executor.full_name(&self.name), format!("serves {url}"));
        executor.variables.insert(self.url.clone(), url.into());
        if let Some(authority) = &self.authority {
            executor.variables.insert(authority.clone(), server.address().to_string().into());
        }
        executor.servers.insert(self.name.clone(), Arc::new(server));
        executor.own_servers.push(self.name.clone());
        Ok(())
    }
}

impl Execute for Request {
    async fn execute(&self, executor: &mut Executor) -> Result<(), StepFailure> {
        let server = executor.server(&self.at)?;
        let name = executor.full_name(&self.name);
        let variables = &executor.variables;
        let chosen = |incoming: &IncomingRequest| match (&self.pick, &incoming.request) {
            (Some(pick), Ok(request)) => pick.matches(&request.value(), variables).is_ok(),
            _ => true,
        };
        let within = executor.within(self.within.as_ref());
        let awaited =
            || self.pick.as_ref().or(self.like.as_ref()).map_or("a request".to_owned(), |term| term.shown(variables));
        let incoming = executor
            .timely(&name, within, awaited, server.next(chosen))
            .await
            .map_err(|failure| failure.map_finding(|finding| Finding { got: server.untaken(), ..finding }))?;
        let request = incoming.request.map_err(|error| {
            Finding::new("an invalid request came")
                .expected("unambiguous HTTP/1.1 (RFC 9112)")
                .got(error.to_string())
                .on(&name)
                .at(executor.run.transcript.ms(incoming.at))
        })?;
        executor.run.transcript.add(incoming.at, &name, By::Subject, request.summary());
        let value = request.value();
        for term in [&self.pick, &self.like].into_iter().flatten() {
            executor.compare(&name, incoming.at, term, &value, "request")?;
        }
        executor.exchanges.insert(self.name.clone(), Arc::new(Mutex::new(incoming.exchange)));
        Ok(())
    }
}

impl Execute for Respond {
    async fn execute(&self, executor: &mut Executor) -> Result<(), StepFailure> {
        let exchange = executor.exchange(&self.to)?;
        let exchange = exchange.lock().await;
        let name = executor.full_name(&self.to);
        if let Some(raw) = &self.raw {
            let bytes = raw.fill(&executor.variables)?;
            executor.log_raw(&name, &bytes);
            exchange.write(bytes);
            return Ok(());
        }
        let status = self.status.unwrap_or(200);
        let lines = executor.lines(self.headers.as_ref())?;
        let body = executor.body(self.body.as_ref(), self.framing)?;
        let what = format!("HTTP {status} {} ({} bytes)", self.reason, body.bytes.len());
        executor.log(&name, what);
        exchange.write(http::response(status, &self.reason, &lines, &body, &exchange.method));
        if body.framing == http::BodyFraming::End {
            exchange.fin();
        } else {
            exchange.done();
        }
        Ok(())
    }
}

impl Execute for Fetch {
    async fn execute(&self, executor: &mut Executor) -> Result<(), StepFailure> {
        let name = executor.full_name(&self.name);
        let url = executor.text(&self.from)?;
        let address = WebAddress::of_http(&url).map_err(|error| Stop::Inconclusive(error.to_string()))?;
        let (method, bytes) = match (&self.raw, &self.target) {
            (Some(raw), _) => (String::new(), raw.fill(&executor.variables)?),
            (None, target) => {
                let method = self.method.clone().unwrap_or_else(|| "GET".to_owned());
                let target = target.as_ref().map_or(Ok("/".to_owned()), |target| executor.text(target))?;
                let target = address.target(&target);
                let lines = executor.lines(self.headers.as_ref())?;
                let body = executor.body(self.body.as_ref(), self.framing)?;
                let bytes = http::request(&method, &target, &address.authority(), &lines, &body);
                (method, bytes)
            }
        };
        executor.log_raw(&name, &bytes);
        let context = &executor.run.context;
        let tls = executor.run.target().ok().and_then(|target| target.route().tls.clone());
        let deadline = executor.clock().now() + context.handshake_deadline;
        let fetching = fetch(address, tls, &method, bytes, executor.clock().clone());
        let exchange = match executor.clock().within(deadline, fetching).await {
            Some(Ok(exchange)) => exchange,
            Some(Err(error)) => return Err(Stop::Inconclusive(format!("cannot reach {url}: {error}")).into()),
            None => return Err(Stop::Inconclusive(format!("{url} accepted no connection in time")).into()),
        };
        executor.exchanges.insert(self.name.clone(), Arc::new(Mutex::new(exchange)));
        Ok(())
    }
}

impl Execute for Answer {
    async fn execute(&self, executor: &mut Executor) -> Result<(), StepFailure> {
        let exchange = executor.exchange(&self.of)?;
        let mut exchange = exchange.lock().await;
        let name = executor.full_name(&self.of);
        let within = executor.within(self.within.as_ref());
        let awaited = || self.like.shown(&executor.variables);
        let (at, answer) = executor.timely(&name, within, awaited, exchange.answer()).await?;
        drop(exchange);
        let answer: HttpMessage = answer.map_err(|error| {
            Finding::new("no complete answer came")
                .expected(shorten(&self.like.shown(&executor.variables)))
                .got(error.to_string())
                .on(&name)
                .at(executor.run.transcript.ms(at))
        })?;
        executor.run.transcript.add(at, &name, By::Subject, answer.summary());
        executor.compare(&name, at, &self.like, &answer.value(), "answer")
    }
}

impl Executor {
    /// Matches a message against a pattern, which sets variables.
    pub(super) fn compare(
        &mut self,
        name: &str,
        at: crate::clock::Moment,
        term: &Term,
        value: &Value,
        kind: &str,
    ) -> Result<(), StepFailure> {
        match term.matches(value, &self.variables) {
            Ok(bindings) => {
                self.variables.extend(bindings);
                Ok(())
            }
            Err(mismatch) => {
                Err(Finding::new(difference(kind, mismatch).unwrap_or_else(|| format!("a different {kind} came")))
                    .expected(shorten(&term.shown(&self.variables)))
                    .got(shorten(&value.to_string()))
                    .on(name.to_owned())
                    .at(self.run.transcript.ms(at))
                    .into())
            }
        }
    }

    /// Waits for a future until a deadline, and beyond it by as much as the machine was late meanwhile.
    async fn timely<T>(
        &self,
        name: &str,
        within: Duration,
        expected: impl Fn() -> String,
        future: impl Future<Output = T>,
    ) -> Result<T, StepFailure> {
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
            return Err(missed(within, noise, name).map_finding(|finding| finding.expected(shorten(&expected()))));
        }
    }

    /// Ends the connection of a request; false if no request has this name.
    pub(super) async fn cut_exchange(&self, name: &str, by: CutBy) -> bool {
        let Some(exchange) = self.exchanges.get(name) else { return false };
        let exchange = exchange.lock().await;
        let (cut, what): (fn(&http::Exchange), _) = match by {
            CutBy::Reset => (http::Exchange::reset, "cut by RST"),
            CutBy::Fin => (http::Exchange::fin, "cut by FIN"),
        };
        self.log(&self.full_name(name), what.to_owned());
        cut(&exchange);
        true
    }

    fn log_raw(&self, name: &str, bytes: &[u8]) {
        let head = bytes.split(|byte| *byte == b'\r').next().unwrap_or_default();
        let what = format!("{} ({} bytes)", shorten(head), bytes.len());
        self.log(name, what);
    }

    pub(super) fn text(&self, term: &Term) -> Result<String, Stop> {
        match term.fill(&self.variables)? {
            Value::String(text) => Ok(text),
            other => Ok(other.to_string()),
        }
    }

    /// Header lines from an object of strings and lists.
    fn lines(&self, headers: Option<&Term>) -> Result<Vec<(String, String)>, Stop> {
        let headers = headers.map(|term| term.fill(&self.variables)).transpose()?;
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
        let bytes = body.map(|bytes| bytes.fill(&self.variables)).transpose()?;
        let framing = match framing {
            Framing::Length => http::BodyFraming::Length,
            Framing::Chunked => http::BodyFraming::Chunked,
            Framing::End => http::BodyFraming::End,
        };
        Ok(http::Body { bytes: bytes.unwrap_or_default(), framing })
    }
}
