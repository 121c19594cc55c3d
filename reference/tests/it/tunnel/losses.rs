//! Agents that come and go while requests are under way (TUN-20, TUN-21, TUN-40).

use relayspec_reference::tunnel::Encoding;

use super::local::Local;
use super::public::get;
use super::{Agent, Cloud};
use crate::soon;

/// Asks until the answer is this one.
async fn settles(cloud: &Cloud, text: &str) {
    soon(text, async {
        loop {
            let answered = get(cloud.public, "/").await;
            if answered.status == 200 && answered.text() == text {
                return;
            }
            assert!([200, 502, 503].contains(&answered.status), "{answered:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn the_latest_agent_serves_then_the_one_before() {
    let cloud = Cloud::start().await;
    let _first = Agent::start(cloud.agents, Local::saying("first").await, Encoding::Json);
    settles(&cloud, "first").await;
    let second = Agent::start(cloud.agents, Local::saying("second").await, Encoding::MessagePack);
    settles(&cloud, "second").await;
    second.kill().await;
    settles(&cloud, "first").await;
}

#[tokio::test]
async fn an_agent_that_is_lost_leaves_no_request_waiting() {
    let cloud = Cloud::start().await;
    let mut local = Local::start().await;
    let agent = Agent::start(cloud.agents, local.address, Encoding::MessagePack);
    let ((), ()) = tokio::join!(cloud.is_served(), async { local.next().await.answer_text("") });
    let requests: Vec<_> = (0..50).map(|_| tokio::spawn(get(cloud.public, "/"))).collect();
    let mut came = Vec::new();
    for _ in 0..50 {
        came.push(local.next().await);
    }
    agent.kill().await;
    for request in requests {
        assert_eq!(soon("an answer", request).await.expect("no panic").status, 502, "TUN-21");
    }
    for came in came {
        came.given_up().await;
    }
    assert_eq!(get(cloud.public, "/").await.status, 503, "TUN-21");
}

#[tokio::test]
async fn an_agent_comes_back_to_a_cloud_that_was_restarted() {
    let cloud = Cloud::start().await;
    let _agent = Agent::start(cloud.agents, Local::saying("page").await, Encoding::MessagePack);
    settles(&cloud, "page").await;
    let mut options = super::options();
    (options.agents.listen, options.public) = (cloud.agents, cloud.public);
    cloud.shutdown.send(()).expect("it runs");
    soon("the end of the cloud", cloud.task).await.expect("no panic");
    settles(&Cloud::serving(options).await, "page").await;
}
