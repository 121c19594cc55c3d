//! Sync: every message survives, and members that belong together are decoded as one.

use proptest::collection::vec;
use proptest::prelude::*;
use relayspec::requirement::CHAPTERS;
use relayspec::sync::{
    AnsweredId, Auth, AuthFailed, AuthRequired, AuthSuccess, Chat, Data, Error, Lists, Message, ModelProfile, PATH,
    PIN_LENGTH, Project, Resource, ResourceUpdate, Send, Snapshot, Subscribe, Subscribed, ToClient, ToServer, Topic,
    Unsubscribe,
};
use serde_json::{Map, Value, json};

use crate::messages::{prose, round_trips, string};

const FAMILY: &str = "sync";

fn topic() -> impl Strategy<Value = Topic> {
    prop_oneof![string().prop_map(Topic::Project), string().prop_map(Topic::Chat), Just(Topic::ModelProfiles)]
}

fn project() -> impl Strategy<Value = Project> {
    (string(), string()).prop_map(|(id, name)| Project { id, name })
}

fn chat() -> impl Strategy<Value = Chat> {
    (string(), string(), string()).prop_map(|(id, project_id, name)| Chat { id, project_id, name })
}

fn message() -> impl Strategy<Value = Message> {
    let members = (string(), string(), string(), string(), 1..=u32::MAX);
    members.prop_map(|(id, chat_id, role, content, seq)| Message { id, chat_id, role, content, seq })
}

fn profiles() -> impl Strategy<Value = Vec<ModelProfile>> {
    let profile = vec((string(), any::<Option<i32>>()), 0..3).prop_map(|members| {
        let members = members.into_iter().map(|(name, value)| (name, json!(value)));
        ModelProfile(members.collect::<Map<String, Value>>())
    });
    vec(profile, 0..3)
}

fn snapshot() -> impl Strategy<Value = Snapshot> {
    prop_oneof![
        (string(), vec(chat(), 0..3)).prop_map(|(id, chats)| Snapshot::Project { id, chats }),
        (string(), vec(message(), 0..3)).prop_map(|(id, messages)| Snapshot::Chat { id, messages }),
        profiles().prop_map(Snapshot::ModelProfiles),
    ]
}

fn data() -> impl Strategy<Value = Data> {
    prop_oneof![
        string().prop_map(|id| Data::Sent { id }),
        string().prop_map(|id| Data::Unsubscribed { id }),
        (string(), chat()).prop_map(|(of, chat)| Data::Push(ResourceUpdate::Chat { of, chat })),
        (string(), message()).prop_map(|(of, message)| Data::Push(ResourceUpdate::Message { of, message })),
    ]
}

fn lists() -> impl Strategy<Value = Lists> {
    let lists = (vec(project(), 0..3), profiles());
    lists.prop_map(|(projects, model_profiles)| Lists { projects, model_profiles })
}

fn send() -> impl Strategy<Value = Send> {
    (string(), string(), string()).prop_map(|(id, resource_id, message)| Send { id, resource_id, message })
}

fn error() -> impl Strategy<Value = Error> {
    (proptest::option::of(string()), prose()).prop_map(|(id, error)| Error { id: AnsweredId(id), error })
}

round_trips! {
    FAMILY;
    messages_of_clients_round_trip: ToServer of (string(), string()).prop_map(|(id, pin)| Auth { id, pin }),
        (string(), topic()).prop_map(|(id, topic)| Subscribe { id, topic }),
        (string(), topic()).prop_map(|(id, topic)| Unsubscribe { id, topic }), send();
    messages_of_servers_round_trip: ToClient of string().prop_map(|id| AuthRequired { id }),
        (string(), lists()).prop_map(|(id, data)| AuthSuccess { id, data }),
        (string(), prose()).prop_map(|(id, error)| AuthFailed { id, error }),
        (string(), snapshot()).prop_map(|(id, snapshot)| Subscribed { id, snapshot }), data(), error();
}

#[test]
fn resources_have_their_names() {
    for resource in [Resource::Project, Resource::Chat, Resource::ModelProfiles] {
        assert_eq!(Resource::named(resource.name()), Some(resource));
        assert_eq!(serde_json::to_value(resource).expect("JSON"), resource.name());
    }
    assert_eq!(Resource::named("Chat"), None);
}

#[test]
fn chapter_states_the_constants() {
    let chapter = CHAPTERS.iter().find(|chapter| chapter.name == FAMILY).expect("the chapter");
    for text in ["4,294,967,295", &format!("**PIN** has {PIN_LENGTH} digits"), &format!("`{PATH}`"), "code 1008"] {
        assert!(chapter.text.contains(text), "sync.md does not say {text}");
    }
}
