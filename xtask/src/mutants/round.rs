//! A whole round: the references as they are, then each mutant, then once more what breaks a rule.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use anyhow::{Result, bail};

use super::excuse::Excuses;
use super::gate;
use super::matrix::{Matrix, Row, Seat};
use super::mutant::{self, Mutant, Scenario};
use super::pace::Crowd;
use super::play::{self, Play, Played};
use super::seek;

/// Who is sound is so beside a few others.
const FEW: Crowd = Crowd { least: 2, jobs: 4, spare: 0.4, look: Duration::from_millis(60) };
/// Who needs the machine has it; who waits does so beside others.
const CALM: Crowd = Crowd { least: 1, jobs: 6, spare: 0.55, look: Duration::from_millis(120) };
/// Nobody else runs.
const ALONE: Crowd = Crowd { jobs: 1, ..CALM };
/// More doubts than one in so many are no noise: what is wrong then is a mutant or a check. A few are always looked at.
const DOUBTS_ONE_IN: usize = 8;
const FEW_DOUBTS: usize = 8;
/// So many scenarios take long to fail, and so many runs of one scenario leave the machine room.
const MANY: usize = 8;

/// How mutants are played.
pub(super) struct Round<'a> {
    pub(super) judge: &'a Path,
    /// All that it can play.
    pub(super) scenarios: &'a [Scenario],
    /// How many run at once.
    pub(super) crowd: Crowd,
    /// Whether all mutants of each role are played: only then a check that finds nothing is remarkable.
    pub(super) is_whole: bool,
    /// What was found before.
    pub(super) kept: &'a Matrix,
    /// Whether each mutant is played against that scenario alone that found it soonest before.
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

impl<'a> Round<'a> {
    /// Plays all of them. What breaks a rule in a crowd is played again in calm, and only what happens then counts: a busy machine is nobody's mutant.
    ///
    /// # Errors
    /// Where the judge cannot be asked, or a reference without a mutant fails.
    pub(super) fn play(&self, mutants: &[&'a Mutant]) -> Result<Outcome> {
        let mut roles: Vec<&str> = mutants.iter().map(|mutant| mutant.role.as_str()).collect();
        roles.dedup();
        let mut seats = if self.is_brief {
            roles.iter().map(|&role| (role, Seat::new(role))).collect()
        } else {
            self.sound(&roles)?
        };
        let at_once = mutants.iter().filter(|mutant| !self.is_whole || !mutant.is_by_place());
        let plays: Vec<_> = at_once.filter_map(|mutant| self.against(mutant)).collect();
        let mut unjudged = Vec::new();
        for (play, row) in plays.iter().zip(self.rows(&plays)?) {
            match row {
                Ok(row) => seats.entry(play.role).or_insert_with(|| Seat::new(play.role)).mutants.push(row),
                Err(error) => unjudged.push(format!("{} {} could not be judged: {error:#}", play.role, play.name())),
            }
        }
        let mut roles: Vec<_> = roles.into_iter().filter_map(|role| seats.remove(role)).collect();
        if self.is_whole {
            // Most of them are a scenario or two.
            let crowd = Crowd { least: MANY, ..self.crowd };
            for crowd in [crowd, CALM] {
                self.more(&mut roles, |seat, open| seek::as_before(seat, open, mutants, self.kept), crowd)?;
            }
            let elsewhere = self.kept.roles.iter().filter(|kept| roles.iter().all(|seat| seat.role != kept.role));
            let found = roles.iter().chain(elsewhere).flat_map(Seat::found).map(|row| row.name.clone()).collect();
            self.more(&mut roles, |seat, _| seek::unfound(seat, mutants, &found, self.scenarios), crowd)?;
            self.more(&mut roles, |seat, open| seek::by_place(seat, open, mutants), crowd)?;
            self.more(&mut roles, |seat, open| seek::in_calm(seat, open, mutants), CALM)?;
        }
        Ok(Outcome { matrix: Matrix { roles }, unjudged })
    }

    /// The references as they are, and with somebody in the middle, who must not be blamed for being there.
    fn sound<'r>(&self, roles: &[&'r str]) -> Result<BTreeMap<&'r str, Seat>> {
        let nobodys = Mutant::none();
        let heavy = |role| mutant::heavy(self.scenarios, role).map(|scenario| scenario.id.as_str()).collect();
        let through = roles.iter().map(|role| Play { skip: heavy(role), ..Play::of(role, Some(&nobodys)) });
        let plays: Vec<_> = roles.iter().map(|role| Play::of(role, None)).chain(through).collect();
        let played = play::all(self.judge, &plays, FEW)?;
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
    fn more(
        &self,
        seats: &mut [Seat],
        sought: impl Fn(&Seat, &[seek::Open<'_>]) -> Vec<Play<'a>>,
        crowd: Crowd,
    ) -> Result<()> {
        let of = |seat: &Seat| sought(seat, &seat.open(self.excuses).collect::<Vec<_>>());
        let is_long =
            |play: &Play<'_>| mutant::heavy(self.scenarios, play.role).any(|heavy| play.only.contains(&heavy.id));
        let plays = seats.iter().flat_map(of).map(|play| Play { is_long: is_long(&play), ..play });
        let plays: Vec<_> = plays.collect();
        for (play, played) in plays.iter().zip(play::all(self.judge, &plays, crowd)?) {
            let (Some(mutant), Ok(played)) = (play.mutant, played) else { continue };
            // What blames wrongly in a crowd is left to those who look in calm.
            if crowd != CALM && gate::wrongly(&Row::new(mutant, &played)).next().is_some() {
                continue;
            }
            let Some(seat) = seats.iter_mut().find(|seat| seat.role == play.role) else { continue };
            match seat.mutants.iter_mut().find(|row| row.name == mutant.name) {
                Some(row) => row.and(mutant, played),
                None => seat.mutants.push(Row::new(mutant, &played)),
            }
        }
        Ok(())
    }

    /// How a mutant is played; not at all where its one scenario is not known.
    fn against(&self, mutant: &'a Mutant) -> Option<Play<'a>> {
        let play = Play::of(&mutant.role, Some(mutant));
        if self.is_brief {
            return self.kept.row(mutant)?.probe.clone().map(|probe| Play { only: vec![probe], ..play });
        }
        // Who fails many scenarios waits in each of them for what never comes.
        let is_long = self.kept.row(mutant).is_some_and(|row| row.killed_by.len() >= MANY);
        Some(Play { skip: mutant.spares(self.scenarios), is_long, ..play })
    }

    /// How it is played again: against whoever is in doubt; where one scenario was enough, against all that have found it, for one may need what
    /// another leaves behind.
    fn again(&self, play: &Play<'a>, row: &Result<Row>) -> Play<'a> {
        let kept = play.mutant.filter(|_| self.is_brief).and_then(|mutant| self.kept.row(mutant));
        let only = match (kept, row) {
            (Some(kept), _) => kept.killed_by.keys().cloned().collect(),
            (None, Ok(row)) => gate::in_doubt(play.role, row, self.scenarios),
            (None, Err(_)) => play.only.clone(),
        };
        Play { only, ..play.clone() }
    }

    /// The same against those scenarios alone that found the mutant before, if any did.
    fn as_before(&self, play: Play<'a>) -> Play<'a> {
        let row = play.mutant.filter(|_| !self.is_thorough).and_then(|mutant| self.kept.row(mutant));
        let has_found = |id: &&String| row.is_some_and(|row| row.killed_by.contains_key(*id));
        let found: Vec<_> = play.only.iter().filter(has_found).cloned().collect();
        if found.is_empty() { play } else { Play { only: found, ..play } }
    }

    /// What breaks a rule is played again in calm, and then alone: jitter may hide a wrong delay once, and a neighbour what needs the whole machine.
    fn rows(&self, plays: &[Play<'a>]) -> Result<Vec<Result<Row>>> {
        let mut rows = self.in_a_crowd(plays)?;
        for crowd in [CALM, ALONE] {
            let (doubtful, doubts): (Vec<_>, Vec<_>) = plays
                .iter()
                .zip(&mut rows)
                .filter(|(play, row)| is_doubtful(play, row))
                .map(|(play, row)| (self.again(play, row), row))
                .unzip();
            if doubtful.is_empty() || doubtful.len() > FEW_DOUBTS.max(plays.len() / DOUBTS_ONE_IN) {
                break;
            }
            for ((play, played), doubt) in doubtful.iter().zip(play::all(self.judge, &doubtful, crowd)?).zip(doubts) {
                reconsider(play, doubt, played);
            }
        }
        Ok(rows)
    }

    /// All of them, but for what keeps the machine busy, which disturbs whoever is beside it: that is played behind them, in calm, where nothing
    /// else finds the mutant.
    fn in_a_crowd(&self, plays: &[Play<'a>]) -> Result<Vec<Result<Row>>> {
        let (light, busy): (Vec<_>, Vec<_>) = plays.iter().map(|play| play.parted(self.scenarios)).unzip();
        let mut rows: Vec<_> = light.iter().zip(play::all(self.judge, &light, self.crowd)?).map(row).collect();
        let (busy, others): (Vec<_>, Vec<_>) = busy
            .into_iter()
            .zip(&mut rows)
            .filter_map(|(play, row)| {
                let play = play.map(|play| self.as_before(play))?;
                (self.is_thorough || is_doubtful(&play, row)).then_some((play, row))
            })
            .unzip();
        for ((play, played), other) in busy.iter().zip(play::all(self.judge, &busy, CALM)?).zip(others) {
            match (&mut *other, played) {
                (Ok(row), Ok(played)) => row.and(play.mutant.unwrap_or(&Mutant::none()), played),
                (_, Err(error)) => *other = Err(error),
                (Err(_), _) => {}
            }
        }
        Ok(rows)
    }
}

/// Whether a row breaks a rule, or could not be made.
fn is_doubtful(play: &Play<'_>, row: &Result<Row>) -> bool {
    row.as_ref().map_or(true, |row| !gate::of_mutant(play.role, row).is_empty())
}

/// What another run says, of the scenarios that it played, goes into the row.
fn reconsider(play: &Play<'_>, doubt: &mut Result<Row>, played: Result<Played>) {
    match (&mut *doubt, played) {
        (Ok(doubt), Ok(played)) => doubt.anew(play.mutant.unwrap_or(&Mutant::none()), &play.only, played),
        (_, played) => *doubt = row((play, played)),
    }
}

fn row((play, played): (&Play<'_>, Result<Played>)) -> Result<Row> {
    played.map(|played| Row::new(play.mutant.unwrap_or(&Mutant::none()), &played))
}
