//! Agents that come and go with requests in flight (TUN-20, TUN-21, TUN-40).

use relayspec_reference::tunnel::Encoding;

use super::local::LocalServer;
use super::public::get;
use super::{TestAgent, TestCloud};
use crate::soon;

async fn settles(cloud: &TestCloud, text: &str) {
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
    let cloud = TestCloud::start().await;
    let _first = TestAgent::start(cloud.agents, LocalServer::saying("first").await, Encoding::Json);
    settles(&cloud, "first").await;
    let second = TestAgent::start(cloud.agents, LocalServer::saying("second").await, Encoding::MessagePack);
    settles(&cloud, "second").await;
    second.kill().await;
    settles(&cloud, "first").await;
}

#[tokio::test]
async fn a_lost_agent_leaves_no_request_waiting() {
    let cloud = TestCloud::start().await;
    let mut local = LocalServer::start().await;
    let agent = TestAgent::start(cloud.agents, local.address, Encoding::MessagePack);
    let ((), ()) = tokio::join!(cloud.is_served(), async { local.next().await.answer_text("") });
    let requests: Vec<_> = (0..50).map(|_| tokio::spawn(get(cloud.public, "/"))).collect();
    let mut received = Vec::new();
    for _ in 0..50 {
        received.push(local.next().await);
    }
    agent.kill().await;
    for request in requests {
        assert_eq!(soon("an answer", request).await.expect("no panic").status, 502, "TUN-21");
    }
    for request in received {
        request.cancelled().await;
    }
    assert_eq!(get(cloud.public, "/").await.status, 503, "TUN-21");
}

#[tokio::test]
async fn an_agent_reconnects_to_a_restarted_cloud() {
    let cloud = TestCloud::start().await;
    let _agent = TestAgent::start(cloud.agents, LocalServer::saying("page").await, Encoding::MessagePack);
    settles(&cloud, "page").await;
    let mut options = super::options();
    (options.agents.listen, options.public) = (cloud.agents, cloud.public);
    cloud.shutdown.send(()).expect("it runs");
    soon("the end of the cloud", cloud.task).await.expect("no panic");
    settles(&TestCloud::serving(options).await, "page").await;
}
