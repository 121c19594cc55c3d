//! A whole round: the references as they are, then each fault, then once more what breaks a rule.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Result, bail};

use super::excuse::Excuses;
use super::fault::{self, Fault};
use super::gate;
use super::matrix::{Matrix, Row, Seat};
use super::pace::Crowd;
use super::play::{self, Play, Played};
use super::seek;

/// So few runs at once leave the machine idle enough for what is played again.
const CALM: Crowd = Crowd { jobs: 4, spare: 0.4 };
/// Nobody else runs.
const ALONE: Crowd = Crowd { jobs: 1, spare: 1.0 };
/// How many at once when what breaks a rule is played again, and then once more: jitter may hide a wrong delay once, and a neighbour what needs the whole machine.
const LOOKS: [Crowd; 2] = [CALM, ALONE];
/// More doubts than one in so many are no noise: what is wrong then is a fault or a check.
const DOUBTS_ONE_IN: usize = 8;

/// How faults are played.
pub(super) struct Round<'a> {
    pub(super) judge: &'a Path,
    /// How many run at once.
    pub(super) crowd: Crowd,
    /// Whether all faults of each role are played: only then a check that finds nothing is remarkable.
    pub(super) is_whole: bool,
    /// What was found before.
    pub(super) kept: &'a Matrix,
    /// Whether each fault is played against that scenario alone that found it soonest before.
    pub(super) is_brief: bool,
    /// Whether what keeps the machine busy is also played against what others have found.
    pub(super) is_thorough: bool,
    /// The gaps that are known, which nobody seeks to fill.
    pub(super) excuses: &'a Excuses,
}

/// What came of it.
pub(super) struct Outcome {
    pub(super) matrix: Matrix,
    /// The runs that could not be made, a line each.
    pub(super) unjudged: Vec<String>,
}

impl Round<'_> {
    /// Plays all of them. What breaks a rule in a crowd is played again in calm, and only what happens then counts: a busy machine is nobody's fault.
    ///
    /// # Errors
    /// Where the judge cannot be asked, or a reference without a fault fails.
    pub(super) fn play(&self, faults: &[&Fault]) -> Result<Outcome> {
        let mut roles: Vec<&str> = faults.iter().map(|fault| fault.role.as_str()).collect();
        roles.dedup();
        let mut seats = if self.is_brief {
            roles.iter().map(|&role| (role, Seat::new(role))).collect()
        } else {
            self.sound(&roles)?
        };
        let heavy = fault::heavy(self.judge)?;
        let at_once = faults.iter().filter(|fault| !self.is_whole || !fault.is_by_place());
        let plays: Vec<_> = at_once.filter_map(|fault| self.against(fault, &heavy)).collect();
        let mut unjudged = Vec::new();
        for (play, row) in plays.iter().zip(self.rows(&plays, &heavy)?) {
            match row {
                Ok(row) => seats.entry(play.role).or_insert_with(|| Seat::new(play.role)).faults.push(row),
                Err(error) => unjudged.push(format!("{} {} could not be judged: {error:#}", play.role, play.name())),
            }
        }
        let mut roles: Vec<_> = roles.into_iter().filter_map(|role| seats.remove(role)).collect();
        if self.is_whole {
            self.more(&mut roles, |seat, open| seek::as_before(seat, open, faults, self.kept), self.crowd)?;
            let found = roles.iter().flat_map(Seat::found).map(|row| row.name.clone()).collect();
            self.more(&mut roles, |seat, _| seek::unfound(seat, faults, &found, &heavy), self.crowd)?;
            self.more(&mut roles, |seat, open| seek::by_place(seat, open, faults), self.crowd)?;
            self.more(&mut roles, |seat, open| seek::in_calm(seat, open, faults), CALM)?;
        }
        Ok(Outcome { matrix: Matrix { roles }, unjudged })
    }

    /// The references as they are, and with somebody in the middle, who must not be blamed for being there.
    fn sound<'r>(&self, roles: &[&'r str]) -> Result<BTreeMap<&'r str, Seat>> {
        let nobodys = Fault::none();
        let through = roles.iter().map(|role| Play::of(role, Some(&nobodys)));
        let plays: Vec<_> = roles.iter().map(|role| Play::of(role, None)).chain(through).collect();
        let played = play::all(self.judge, &plays, CALM)?;
        let mut seats = BTreeMap::new();
        for ((role, play), played) in roles.iter().cycle().zip(&plays).zip(played) {
            let is_sound = played.as_ref().is_ok_and(|played| played.kills.is_empty());
            let again = || play::all(self.judge, std::slice::from_ref(play), ALONE);
            let played = if is_sound { Some(played) } else { again()?.pop() };
            let Some(Played { passed, skipped, kills }) = played.transpose()? else { continue };
            if let Some(kill) = kills.first() {
                bail!("the reference {role} fails {} {}: the matrix says nothing then", kill.check, play.name());
            }
            seats.entry(*role).or_insert_with(|| Seat { checks: passed, skipped, ..Seat::new(role) });
        }
        Ok(seats)
    }

    /// Plays what might fail a check that nobody has failed, so many at once.
    fn more<'f>(
        &self,
        seats: &mut [Seat],
        sought: impl Fn(&Seat, &[seek::Open<'_>]) -> Vec<Play<'f>>,
        crowd: Crowd,
    ) -> Result<()> {
        let of = |seat: &Seat| sought(seat, &seat.open(self.excuses).collect::<Vec<_>>());
        let plays: Vec<_> = seats.iter().flat_map(of).collect();
        for (play, played) in plays.iter().zip(play::all(self.judge, &plays, crowd)?) {
            let (Some(fault), Ok(played)) = (play.fault, played) else { continue };
            let Some(seat) = seats.iter_mut().find(|seat| seat.role == play.role) else { continue };
            match seat.faults.iter_mut().find(|row| row.name == fault.name) {
                Some(row) => row.and(fault, played),
                None => seat.faults.push(Row::new(fault, &played)),
            }
        }
        Ok(())
    }

    /// How a fault is played; not at all where its one scenario is not known.
    fn against<'f>(&self, fault: &'f Fault, heavy: &'f [fault::Scenario]) -> Option<Play<'f>> {
        let play = Play::of(&fault.role, Some(fault));
        if self.is_brief {
            return self.kept.row(fault)?.probe.clone().map(|probe| Play { only: vec![probe], ..play });
        }
        Some(Play { skip: fault.spares(heavy), ..play })
    }

    /// How it is played again: where one scenario was enough, against all that have found it, for one may need what another leaves behind.
    fn again<'f>(&self, play: &Play<'f>) -> Play<'f> {
        let row = play.fault.filter(|_| self.is_brief).and_then(|fault| self.kept.row(fault));
        let only = row.map_or_else(|| play.only.clone(), |row| row.killed_by.keys().cloned().collect());
        Play { only, ..play.clone() }
    }

    fn rows(&self, plays: &[Play<'_>], heavy: &[fault::Scenario]) -> Result<Vec<Result<Row>>> {
        let mut rows = self.in_a_crowd(plays, heavy)?;
        for crowd in LOOKS {
            let (doubtful, doubts): (Vec<_>, Vec<_>) = plays
                .iter()
                .zip(&mut rows)
                .filter(|(play, row)| is_doubtful(play, row))
                .map(|(play, row)| (self.again(play), row))
                .unzip();
            if doubtful.is_empty() || doubtful.len() * DOUBTS_ONE_IN > plays.len().max(DOUBTS_ONE_IN) {
                break;
            }
            let again = doubtful.iter().zip(play::all(self.judge, &doubtful, crowd)?).map(row);
            doubts.into_iter().zip(again).for_each(|(doubt, row)| *doubt = row);
        }
        Ok(rows)
    }

    /// All of them, but for what keeps the machine busy, which disturbs whoever is beside it: that is played behind them, in calm, where nothing
    /// else finds the fault.
    fn in_a_crowd<'p>(&self, plays: &[Play<'p>], heavy: &'p [fault::Scenario]) -> Result<Vec<Result<Row>>> {
        let (light, busy): (Vec<_>, Vec<_>) = plays.iter().map(|play| play.parted(heavy)).unzip();
        let mut rows: Vec<_> = light.iter().zip(play::all(self.judge, &light, self.crowd)?).map(row).collect();
        let (busy, others): (Vec<_>, Vec<_>) = busy
            .into_iter()
            .zip(&mut rows)
            .filter_map(|(play, row)| {
                let play = play?;
                (self.is_thorough || is_doubtful(&play, row)).then_some((play, row))
            })
            .unzip();
        for ((play, played), other) in busy.iter().zip(play::all(self.judge, &busy, CALM)?).zip(others) {
            match (&mut *other, played) {
                (Ok(row), Ok(played)) => row.and(play.fault.unwrap_or(&Fault::none()), played),
                (_, Err(error)) => *other = Err(error),
                (Err(_), _) => {}
            }
        }
        Ok(rows)
    }
}

/// Whether a row breaks a rule, or could not be made.
fn is_doubtful(play: &Play<'_>, row: &Result<Row>) -> bool {
    row.as_ref().map_or(true, |row| !gate::of_fault(play.role, row).is_empty())
}

fn row((play, played): (&Play<'_>, Result<Played>)) -> Result<Row> {
    played.map(|played| Row::new(play.fault.unwrap_or(&Fault::none()), &played))
}
