//! Follows one topic: subscribes where the last stored event was, stores each event with its position, and asks for more only once all
//! that came is stored. Whatever breaks, it begins again at the stored position.

use std::sync::Arc;
use std::time::Duration;

use tracing::{error, info, warn};

use super::{Gap, Service, Start, Subscription, Topic, Topics, tell_of_gap};
use crate::connect::wire::pubsub::{PubSubError, Session, Subscribed};
use crate::engine::node::Node;
use crate::pubsub::messages::{FetchRequest, ReplayPreset};
use crate::store::StoreError;
use crate::store::events::topics::{self, Claimed, NewPosition, Position, Step};
use crate::telemetry;

/// Salesforce sends a sign of life within 270 seconds; who is silent for longer is gone.
const SILENCE_MAX: Duration = Duration::from_secs(300);

/// The first pause after a failure; each is twice as long as the one before.
const PAUSE_MIN: Duration = Duration::from_millis(500);

/// No pause is longer.
const PAUSE_MAX: Duration = Duration::from_mins(1);

/// How long a topic is blocked before its schema is fetched again. Schemas do not change, but what this version reads may.
const STAND_STILL: Duration = Duration::from_mins(10);

/// Follows a topic that its node owns.
pub(super) struct Subscriber {
    pub(super) topics: Arc<Topics>,
    pub(super) node: Arc<Node>,
    pub(super) subscription: Arc<Subscription>,
    place: usize,
    pub(super) claimed: Claimed,
    session: Option<Session>,
    /// Events that are asked for at a time: one, after a message that was too large.
    batch: u32,
    pause: Duration,
}

/// Why a subscription came to an end.
pub(super) enum Ended {
    /// The topic belongs to another node.
    Lost,
    /// The node goes down, or lost its lease.
    Stopped,
    /// The service does not know the replay id any more.
    ReplayIdRefused(Position, String),
    /// The next event has a schema that is not safe to read: the topic is blocked, and loses nothing.
    SchemaRefused(String),
    /// Any other failure; a later retry may succeed.
    Failed(String),
}

impl From<StoreError> for Ended {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<PubSubError> for Ended {
    fn from(error: PubSubError) -> Self {
        Self::Failed(error.to_string())
    }
}

impl Subscriber {
    pub(super) fn new(
        topics: Arc<Topics>,
        node: Arc<Node>,
        subscription: Arc<Subscription>,
        place: usize,
        claimed: Claimed,
    ) -> Self {
        let batch = subscription.batch;
        Self { topics, node, subscription, place, claimed, session: None, batch, pause: PAUSE_MIN }
    }

    pub(super) fn topic(&self) -> &Topic {
        &self.subscription.topics[self.place]
    }

    /// Until the node goes down or loses the topic.
    pub(super) async fn follow(mut self) {
        let (source, topic) = (self.subscription.source.clone(), self.topic().name.clone());
        loop {
            let ended = self.subscribe().await;
            telemetry::topic_connected(&source, &topic, false);
            match ended {
                Ended::Lost => return info!(source, topic, "another node now subscribes to this topic"),
                Ended::Stopped => break,
                Ended::ReplayIdRefused(position, why) => {
                    // What happened is written before the topic is read from its beginning; if it cannot be, it is refused again.
                    if let Err(error) = self.note_loss(&position, &why).await {
                        self.fail(&error.to_string()).await;
                    }
                }
                Ended::SchemaRefused(why) => self.stand_still(&why).await,
                Ended::Failed(why) => self.fail(&why).await,
            }
            if self.is_stopped() {
                break;
            }
        }
        if !self.node.fenced.is_cancelled() {
            // Otherwise another node takes it once this one is known to be gone.
            let _ = topics::release(&self.topics.context.pool, self.node.id, &self.claimed).await;
        }
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.node.fenced.is_cancelled() || self.node.draining.is_cancelled()
    }

    /// Waits for the other side, and for nothing that this node writes.
    pub(super) async fn unless_stopped<T>(&self, future: impl Future<Output = T>) -> Result<T, Ended> {
        tokio::select! {
            biased;
            () = self.node.fenced.cancelled() => Err(Ended::Stopped),
            () = self.node.draining.cancelled() => Err(Ended::Stopped),
            done = future => Ok(done),
        }
    }

    /// Notes a failure and waits before the next try: about twice as long each time.
    async fn fail(&mut self, why: &str) {
        if self.is_stopped() {
            return;
        }
        warn!(
            source = self.subscription.source,
            topic = self.topic().name,
            why,
            "the subscription ended, trying again"
        );
        let noted = topics::troubled(&self.topics.context.pool, self.node.id, &self.claimed, why).await;
        if let Err(error) = noted {
            warn!(%error, "cannot record why a subscription ended");
        }
        let spread = 0.5 + f64::from(rand::random::<u8>()) / 512.0;
        let pause = self.pause.mul_f64(spread);
        self.pause = (self.pause * 2).min(PAUSE_MAX);
        // Who is stopped meanwhile finds out at once.
        let _ = self.unless_stopped(tokio::time::sleep(pause)).await;
    }

    /// Stays before an event that is not safe to read: to pass over it would lose it, and whatever follows with the same schema.
    async fn stand_still(&mut self, why: &str) {
        if self.is_stopped() {
            return;
        }
        error!(source = self.subscription.source, topic = self.topic().name, why, "a topic is blocked");
        let noted = topics::stopped(&self.topics.context.pool, self.node.id, &self.claimed, why).await;
        if let Err(error) = noted {
            warn!(%error, "cannot record why a topic is blocked");
        }
        let _ = self.unless_stopped(tokio::time::sleep(STAND_STILL)).await;
    }

    /// Subscribes once, and continues until that ends.
    async fn subscribe(&mut self) -> Ended {
        match self.subscribe_or_end().await {
            Ok(never) => never,
            Err(ended) => ended,
        }
    }

    async fn subscribe_or_end(&mut self) -> Result<Ended, Ended> {
        let Some(position) = topics::position(&self.topics.context.pool, self.node.id, &self.claimed).await? else {
            return Err(Ended::Lost);
        };
        let service = self.topics.service_of(&self.subscription)?;
        let session = self.sign_in(&service).await?;
        let first = self.first_request(&position);
        // Before the service can begin to deliver: if its answer is lost, nothing that it published since is left out.
        if !topics::begun(&self.topics.context.pool, self.node.id, &self.claimed).await? {
            return Err(Ended::Lost);
        }
        let subscribed = tokio::time::timeout(SILENCE_MAX, service.pubsub.subscribe(&session, first));
        let mut stream = match self.unless_stopped(subscribed).await? {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return Err(self.judge(error, position)),
            Err(_) => return Err(Ended::Failed(format!("no answer within {SILENCE_MAX:?}"))),
        };
        if !topics::connected(&self.topics.context.pool, self.node.id, &self.claimed).await? {
            return Err(Ended::Lost);
        }
        telemetry::topic_connected(&self.subscription.source, &self.topic().name, true);
        info!(source = self.subscription.source, topic = self.topic().name, "subscribed");
        self.take_all(&service, &session, &mut stream, position).await
    }

    /// Signs in, and finds out whether the topic may be subscribed to: who may not is told so, and not left waiting.
    async fn sign_in(&mut self, service: &Service) -> Result<Session, Ended> {
        let context = Arc::clone(&self.topics.context);
        let connections = &context.connections;
        let name = &self.subscription.topics[self.place].name.clone();
        let mut session = match self.session.take() {
            Some(session) => session,
            None => self.unless_stopped(connections.sign_in(&service.pubsub, None)).await??,
        };
        let mut info = self.unless_stopped(service.pubsub.topic(&session, name)).await?;
        if matches!(info, Err(PubSubError::Unauthenticated(_))) {
            // A token lives for some hours: another one, once.
            session = self.unless_stopped(connections.sign_in(&service.pubsub, Some(&session))).await??;
            info = self.unless_stopped(service.pubsub.topic(&session, name)).await?;
        }
        let info = info?;
        if !info.can_subscribe {
            let why = format!(
                "the user of connection {} may not subscribe to {name}: give it read access to the event or object",
                self.subscription.address.connection
            );
            return Err(Ended::Failed(why));
        }
        self.session = Some(session.clone());
        Ok(session)
    }

    fn first_request(&self, position: &Position) -> FetchRequest {
        let (preset, replay_id) = match (&position.replay_id, position.begun, self.topic().start) {
            (Some(replay_id), ..) => (ReplayPreset::Custom, replay_id.clone()),
            // It was subscribed to before, and no position is known: nothing that Salesforce still has is left out.
            (None, true, _) | (None, false, Start::Earliest) => (ReplayPreset::Earliest, Vec::new()),
            (None, false, Start::Latest) => (ReplayPreset::Latest, Vec::new()),
        };
        FetchRequest {
            topic_name: self.topic().name.clone(),
            replay_preset: preset as i32,
            replay_id,
            num_requested: i32::try_from(self.batch).unwrap_or(1),
            ..FetchRequest::default()
        }
    }

    /// What an error of the stream means.
    fn judge(&mut self, error: PubSubError, position: Position) -> Ended {
        match error {
            PubSubError::ReplayIdRefused(why) if position.replay_id.is_some() => Ended::ReplayIdRefused(position, why),
            PubSubError::Unauthenticated(why) => Ended::Failed(why),
            PubSubError::TooLarge(why) => {
                self.batch = 1;
                Ended::Failed(why)
            }
            other => Ended::Failed(other.to_string()),
        }
    }

    async fn take_all(
        &mut self,
        service: &Service,
        session: &Session,
        stream: &mut Subscribed,
        mut position: Position,
    ) -> Result<Ended, Ended> {
        loop {
            let next = tokio::time::timeout(SILENCE_MAX, stream.next());
            let response = match self.unless_stopped(next).await? {
                Ok(Ok(Some(response))) => response,
                Ok(Ok(None)) => return Err(Ended::Failed("the service ended the stream".to_owned())),
                Ok(Err(error)) => return Err(self.judge(error, position)),
                Err(_) => return Err(Ended::Failed(format!("the service was silent for {SILENCE_MAX:?}"))),
            };
            let (came, pending) = (response.events.len(), response.pending_num_requested);
            self.take(service, session, response, &mut position).await?;
            // What came is stored: whatever went wrong before is over.
            self.pause = PAUSE_MIN;
            let more = match (came, pending) {
                (0, ..=0) => self.batch,
                (0, _) => 0,
                _ if self.batch < self.subscription.batch && pending <= 0 => {
                    // The large message is behind us.
                    self.batch = self.subscription.batch;
                    self.batch
                }
                _ => u32::try_from(came).unwrap_or(self.batch),
            };
            if more > 0 {
                let asking = tokio::time::timeout(SILENCE_MAX, stream.ask(more));
                let silent = |_| Ended::Failed(format!("the service accepted no request within {SILENCE_MAX:?}"));
                self.unless_stopped(asking).await?.map_err(silent)??;
            }
        }
    }

    /// Forgets a replay id that is of no use, and reports it. What Salesforce still has is read again, from its oldest event on.
    async fn note_loss(&self, position: &Position, why: &str) -> Result<(), StoreError> {
        let (source, topic) = (&self.subscription.source, &self.topic().name);
        error!(
            source,
            topic, why, "the replay id was rejected: events may be missing, so a reconciliation was requested"
        );
        telemetry::topic_lost(source, topic);
        let forgotten = NewPosition { replay_id: None, ..self.next(position, &[], Step::Lost) };
        // The same replay id may be refused again later, and that is another loss: the number of the write tells them apart.
        let place = [position.replay_id.as_deref().unwrap_or_default(), &position.seq.to_be_bytes()];
        let gap = Gap { reason: "replay-id-refused", at_place: &place, at: self.topics.context.now() };
        let told = tell_of_gap(&self.claimed.id, &gap);
        if topics::move_on(&self.topics.context.pool, &forgotten, Some(&told)).await? {
            self.topics.context.signals.outgoing.notify_one();
        }
        Ok(())
    }
}
