//! The only reader of time: moments, waits, and the noise of this machine.
//!
//! A run can be accelerated: the clock of the subject then runs faster than real time, and so does this one. All moments and spans outside
//! this file are in the subject's time, except those documented as real time.
//!
//! The noise of the machine is how late it wakes waiting tasks. Bounds of the form "not after" are extended by it before anything is a failure.

mod alarm;
mod noise;

use std::ops::{Add, Sub};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use noise::Noise;

/// A moment, as the time since the start of the clock, in the subject's time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(Duration);

impl Add<Duration> for Moment {
    type Output = Self;

    fn add(self, span: Duration) -> Self {
        Self(self.0.saturating_add(span))
    }
}

impl Moment {
    /// The moment this much earlier, but not before the start of the clock.
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
    state: Arc<ClockState>,
}

#[derive(Debug)]
struct ClockState {
    speed: f64,
    start: Instant,
    start_epoch_ms: f64,
    noise: Arc<Noise>,
}

/// How long before a moment the alarm takes over: the runtime's timers are late by a millisecond or two.
const COARSE: Duration = Duration::from_millis(3);

/// Later moments are after the end of every run, in real time.
const END_OF_TIME: Duration = Duration::from_secs(1 << 30);

impl Clock {
    /// Starts the clock, which measures the noise of the machine until its last clone is dropped.
    #[must_use]
    pub fn start() -> Self {
        Self::start_at_speed(1.0)
    }

    /// Starts a clock on which this many seconds pass in one second of real time; 1 or more.
    #[must_use]
    pub fn start_at_speed(speed: f64) -> Self {
        let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let state = Arc::new(ClockState {
            speed: if speed.is_finite() { speed.max(1.0) } else { 1.0 },
            start: Instant::now(),
            start_epoch_ms: since_epoch.as_secs_f64() * 1000.0,
            noise: Noise::measure(),
        });
        Self { state }
    }

    /// How many seconds pass on the subject's clock in one second of real time.
    #[must_use]
    pub fn speed(&self) -> f64 {
        self.state.speed
    }

    /// How far this clock is ahead of real time.
    #[must_use]
    pub fn ahead(&self) -> Duration {
        let elapsed = self.state.start.elapsed();
        scaled(elapsed, self.state.speed).saturating_sub(elapsed)
    }

    /// A span of real time in the subject's time: what a network or a processor needs, however fast the subject's clock runs.
    #[must_use]
    pub fn real(&self, span: Duration) -> Duration {
        scaled(span, self.state.speed)
    }

    /// A span of the subject's time in real time.
    #[must_use]
    pub fn machine(&self, span: Duration) -> Duration {
        scaled(span, self.state.speed.recip())
    }

    /// The current moment.
    #[must_use]
    pub fn now(&self) -> Moment {
        self.moment(Instant::now())
    }

    fn moment(&self, instant: Instant) -> Moment {
        Moment(scaled(instant.saturating_duration_since(self.state.start), self.state.speed))
    }

    fn instant(&self, moment: Moment) -> Instant {
        let after = scaled(moment.0, self.state.speed.recip()).min(END_OF_TIME);
        self.state.start.checked_add(after).unwrap_or(self.state.start)
    }

    /// The moment at which the clock was started.
    #[must_use]
    pub fn zero(&self) -> Moment {
        Moment(Duration::ZERO)
    }

    /// A moment in ms since the Unix epoch.
    #[must_use]
    pub fn epoch_ms(&self, moment: Moment) -> f64 {
        self.state.start_epoch_ms + moment.0.as_secs_f64() * 1000.0
    }

    /// The moment this many ms after the Unix epoch, but not before the start of the clock.
    #[must_use]
    pub fn moment_of(&self, epoch_ms: f64) -> Moment {
        let seconds = (epoch_ms - self.state.start_epoch_ms) / 1000.0;
        Moment(Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(Duration::MAX))
    }

    /// Sleeps until a moment, to within a fraction of a millisecond on a machine with an idle core.
    pub async fn sleep_until(&self, moment: Moment) {
        let until = self.instant(moment);
        if until > Instant::now() + COARSE {
            tokio::time::sleep_until((until - COARSE).into()).await;
        }
        alarm::wake_at(until).await;
    }

    /// Sleeps for about this long, in real time: for polling.
    pub async fn nap(&self, span: Duration) {
        tokio::time::sleep(span).await;
    }

    /// Waits for a future until a moment; `None` if it is not done by then.
    pub async fn within<F: Future>(&self, moment: Moment, future: F) -> Option<F::Output> {
        tokio::time::timeout_at(self.instant(moment).into(), future).await.ok()
    }

    /// How late the machine was at most between two moments.
    #[must_use]
    pub fn noise(&self, since: Moment, until: Moment) -> Duration {
        self.real(self.state.noise.worst(self.instant(since), self.instant(until)))
    }
}

/// A span in ms, rounded to the microsecond, for reports.
#[must_use]
pub fn millis(span: Duration) -> f64 {
    (span.as_secs_f64() * 1e6).round() / 1e3
}

/// A span multiplied by a factor.
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
