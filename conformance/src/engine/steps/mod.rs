//! How each kind of step is executed, one file for each group.

mod absence;
mod again;
mod attempts;
mod client;
mod collect;
mod connect;
mod driver;
mod expect;
mod http;
mod many;
mod matching;
mod pour;
mod process;
mod quiet;
mod rhythm;
mod send;
mod time;
mod turn_away;
mod values;

use super::describe::{describe, describe_close, shown};
use super::execute::Execute;
use super::executor::Executor;
use super::failure::{StepFailure, Stop};
use crate::scenario::Step;
use crate::scenario::step::step_list;

macro_rules! dispatch {
    ($($(#[doc = $summary:literal])+ $keyword:literal => $variant:ident($type:ty),)+) => {
        impl Step {
            /// Executes the step.
            pub(super) async fn execute(&self, executor: &mut Executor) -> Result<(), StepFailure> {
                match self {
                    $(Self::$variant(step) => Execute::execute(step, executor).await,)+
                }
            }
        }
    };
}
step_list!(dispatch);
