//! The only reader of time: moments, waits, and how late this machine wakes those who wait.
//!
//! A run may be accelerated: the clock of the subject then runs faster than that of the machine, and so does this one. All moments and spans
//! outside this file are in the subject's time, but for those that are said to be the machine's own.
//!
//! The noise of the machine is by how much it wakes those late who wait. Bounds of the form "not after" are widened by it before anybody is blamed.

mod alarm;
mod noise;

use std::ops::{Add, Sub};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use noise::Noise;

/// A moment: how long after the start of the clock it lies, in the subject's time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(Duration);

impl Add<Duration> for Moment {
    type Output = Self;

    fn add(self, span: Duration) -> Self {
        Self(self.0.saturating_add(span))
    }
}

impl Moment {
    /// The moment so much earlier; the beginning where there is none.
    #[must_use]
    pub fn earlier(self, by: Duration) -> Self {
        Self(self.0.saturating_sub(by))
    }
}

impl Sub for Moment {
    type Output = Duration;

    fn sub(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

/// The clock of a run; clones are the same clock.
#[derive(Debug, Clone)]
pub struct Clock {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    speed: f64,
    start: Instant,
    start_epoch_ms: f64,
    noise: Arc<Noise>,
}

/// So long before a moment that is waited for an alarm is set: the runtime's timers are late by a millisecond or two.
const COARSE: Duration = Duration::from_millis(3);

/// Moments beyond this lie after the end of every run, in the machine's time.
const END_OF_TIME: Duration = Duration::from_secs(1 << 30);

impl Clock {
    /// Starts the clock, which listens for the noise of the machine until its last clone is dropped.
    #[must_use]
    pub fn start() -> Self {
        Self::start_at_speed(1.0)
    }

    /// Starts a clock on which so many seconds pass in one of the machine; 1 or more.
    #[must_use]
    pub fn start_at_speed(speed: f64) -> Self {
        let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let inner = Arc::new(Inner {
            speed: if speed.is_finite() { speed.max(1.0) } else { 1.0 },
            start: Instant::now(),
            start_epoch_ms: since_epoch.as_secs_f64() * 1000.0,
            noise: Noise::listen(),
        });
        Self { inner }
    }

    /// How many seconds pass for the subject in one of the machine.
    #[must_use]
    pub fn speed(&self) -> f64 {
        self.inner.speed
    }

    /// How far this clock is ahead of the machine's by now.
    #[must_use]
    pub fn ahead(&self) -> Duration {
        let elapsed = self.inner.start.elapsed();
        scaled(elapsed, self.inner.speed).saturating_sub(elapsed)
    }

    /// A span of the machine's own time, as the subject's clock measures it: what a network or a processor needs, however fast the
    /// subject's clock runs.
    #[must_use]
    pub fn real(&self, span: Duration) -> Duration {
        scaled(span, self.inner.speed)
    }

    /// A span of the subject's time, as the machine measures it.
    #[must_use]
    pub fn machine(&self, span: Duration) -> Duration {
        scaled(span, self.inner.speed.recip())
    }

    /// The present moment.
    #[must_use]
    pub fn now(&self) -> Moment {
        self.moment(Instant::now())
    }

    fn moment(&self, instant: Instant) -> Moment {
        Moment(scaled(instant.saturating_duration_since(self.inner.start), self.inner.speed))
    }

    fn instant(&self, moment: Moment) -> Instant {
        let after = scaled(moment.0, self.inner.speed.recip()).min(END_OF_TIME);
        self.inner.start.checked_add(after).unwrap_or(self.inner.start)
    }

    /// The moment at which the clock was started.
    #[must_use]
    pub fn zero(&self) -> Moment {
        Moment(Duration::ZERO)
    }

    /// A moment in ms since the Unix epoch.
    #[must_use]
    pub fn epoch_ms(&self, moment: Moment) -> f64 {
        self.inner.start_epoch_ms + moment.0.as_secs_f64() * 1000.0
    }

    /// The moment that lies so many ms after the Unix epoch; the start of the clock for what lies before it.
    #[must_use]
    pub fn moment_of(&self, epoch_ms: f64) -> Moment {
        let seconds = (epoch_ms - self.inner.start_epoch_ms) / 1000.0;
        Moment(Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(Duration::MAX))
    }

    /// Sleeps until a moment, and is back within a fraction of a millisecond of it on a machine that has a core to spare.
    pub async fn sleep_until(&self, moment: Moment) {
        let until = self.instant(moment);
        if until > Instant::now() + COARSE {
            tokio::time::sleep_until((until - COARSE).into()).await;
        }
        alarm::wake_at(until).await;
    }

    /// Sleeps for about so long, in the machine's own time and without spinning: for those who only look in now and then.
    pub async fn nap(&self, span: Duration) {
        tokio::time::sleep(span).await;
    }

    /// Waits for a future until a moment; `None` where it is not done by then.
    pub async fn within<F: Future>(&self, moment: Moment, future: F) -> Option<F::Output> {
        tokio::time::timeout_at(self.instant(moment).into(), future).await.ok()
    }

    /// By how much the machine overslept at worst between two moments.
    #[must_use]
    pub fn noise(&self, since: Moment, until: Moment) -> Duration {
        self.real(self.inner.noise.worst(self.instant(since), self.instant(until)))
    }
}

/// A span in ms, to the microsecond, as reports have it.
#[must_use]
pub fn millis(span: Duration) -> f64 {
    (span.as_secs_f64() * 1e6).round() / 1e3
}

/// A span, so many times as long.
fn scaled(span: Duration, factor: f64) -> Duration {
    if factor == 1.0 {
        return span;
    }
    Duration::try_from_secs_f64(span.as_secs_f64() * factor).unwrap_or(Duration::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_and_epoch_convert_both_ways() {
        let clock = Clock::start();
        let later = clock.zero() + Duration::from_millis(1500);
        let back = clock.moment_of(clock.epoch_ms(later));
        assert!(back - later < Duration::from_micros(50) && later - back < Duration::from_micros(50));
        assert_eq!(clock.moment_of(0.0), clock.zero());
        assert!(clock.moment_of(1e18) > later);
    }
}
