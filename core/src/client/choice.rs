//! A client's decision about consent, kept in one byte so that the disabled path is one load, and what follows from off.

use super::life::Life;
use super::session::Session;
use super::{Client, Inner};
use crate::config::HostConsent;
use crate::consent::{self, Consent, ConsentReason, StoredChoice};
use crate::counters::Counters;
use crate::environment;
use crate::error::Error;
use crate::notice::{Notice, Stderr};
use crate::salt;
use crate::state;
use std::sync::atomic::Ordering;

/// What `set_consent` said in this process.
pub(super) const UNSAID: u8 = 0;
pub(super) const SAID_ON: u8 = 1;
pub(super) const SAID_OFF: u8 = 2;

impl Client {
    /// Whether events are recorded, and why.
    pub fn consent(&self) -> Consent {
        self.inner.consent()
    }

    /// Whether this client has shown the tool's notice: the first run of the tool that tells of telemetry. Tools that count
    /// installations send an event then.
    pub fn notice_shown(&self) -> bool {
        self.inner.notice.as_ref().is_some_and(Notice::was_just_shown)
    }

    /// The stored choice, whatever else decides. For programs that look after another program's telemetry.
    pub fn stored_choice(&self) -> StoredChoice {
        self.inner.kept.read()
    }

    /// Stores the user's choice, for this process and all later ones. Off also erases the client ID and everything
    /// pending, and holds here even against a variable that says on. The answer is what then holds: a variable that
    /// says off overrules on. `Storage`: the choice holds in this process, but could not be stored or not all be erased.
    pub fn set_consent(&self, enabled: bool) -> Result<Consent, Error> {
        let inner = &*self.inner;
        inner.said.store(if enabled { SAID_ON } else { SAID_OFF }, Ordering::Relaxed);
        inner.decide();
        let stored = inner.kept.write(enabled, inner.clock.now());
        let erased = if enabled { Ok(()) } else { inner.erase() };
        stored.and(erased)?;
        Ok(inner.decide())
    }
}

impl Inner {
    /// Decides anew, and keeps the answer.
    pub(super) fn decide(&self) -> Consent {
        self.decide_as(self.host_says())
    }

    /// As `decide`, with what the host says.
    pub(super) fn decide_as(&self, host_says: Option<bool>) -> Consent {
        let consent = consent::decide(&self.rules, self.signals, host_says, self.stored(), || self.was_noticed());
        self.decided.store(pack(consent), Ordering::Relaxed);
        consent
    }

    /// The stored choice, read where it can matter.
    fn stored(&self) -> StoredChoice {
        if self.signals.say_off() { StoredChoice::None } else { self.kept.read() }
    }

    /// Decides for the first time: shows the notice if there is one and only the default would switch telemetry on.
    pub(super) fn decide_with_notice(&self) -> Consent {
        let consent = self.decide();
        let by_default = matches!(
            consent,
            Consent { reason: ConsentReason::NoNotice, .. } | Consent { enabled: true, reason: ConsentReason::Default }
        );
        let can_send = self.rules.missing.is_none();
        let Some(notice) = self.notice.as_ref().filter(|_| by_default && can_send) else { return consent };
        let anywhere = self.config.notice_anywhere;
        let fits = anywhere || environment::ci_name(&self.variables).is_none();
        let safe = || self.state.as_ref().is_ok_and(|state| state.check().is_ok());
        let mut stderr = Stderr { anywhere };
        if fits && safe() && notice.show(&mut stderr, self.clock.now()) { self.decide() } else { consent }
    }

    /// Whether the notice was shown, or there is none, or the tool does not wait for it.
    fn was_noticed(&self) -> bool {
        self.config.send_before_notice || self.notice.as_ref().is_none_or(Notice::was_shown)
    }

    /// Notices what other processes did: a choice that was stored, a spool that was erased.
    pub(super) fn look_at_files(&self, life: &Life) {
        self.decide();
        self.forget_if_erased(life);
    }

    /// Forgets the session if somebody erased what it wrote, or its client ID.
    pub(super) fn forget_if_erased(&self, life: &Life) {
        let is_erased = |session: &Session| session.store.is_erased() || self.has_other_id(&session.client_id);
        if let Some(session) = life.session().filter(|session| is_erased(session)) {
            life.forget(&session);
        }
    }

    pub(super) fn host_says(&self) -> Option<bool> {
        match (self.said.load(Ordering::Relaxed), &self.config.consent) {
            (SAID_ON, _) => Some(true),
            (SAID_OFF, _) => Some(false),
            (_, HostConsent::Unset) => None,
            (_, HostConsent::Says(on)) => Some(*on),
            (_, HostConsent::Asked(ask)) => ask(),
        }
    }

    pub(super) fn consent(&self) -> Consent {
        match &self.config.consent {
            HostConsent::Asked(_) => self.decide(),
            _ => unpack(self.decided.load(Ordering::Relaxed)),
        }
    }

    /// Whether an event may be recorded now. The first line is the whole disabled path of most hosts.
    pub(super) fn may_record(&self, force: bool) -> bool {
        (self.consent_to_record().enabled || force && self.may_force()) && self.missing.is_none()
    }

    /// As `consent`. But where the stored choice could not be read, which may be over in a moment, it is looked at again, once
    /// a second at the most.
    pub(super) fn consent_to_record(&self) -> Consent {
        let consent = self.consent();
        let unreadable = consent.reason == ConsentReason::Unreadable;
        let life = unreadable.then(|| self.life()).filter(|life| life.look.is_due(self.clock.now()));
        life.map_or(consent, |life| {
            self.look_at_files(life);
            self.consent()
        })
    }

    /// Whether a forced event may be recorded while consent is off. Nothing is, once a person said off in this process.
    fn may_force(&self) -> bool {
        let host_says = self.host_says();
        self.said.load(Ordering::Relaxed) != SAID_OFF
            && consent::decide_forced(&self.rules, self.signals, host_says, self.stored(), || self.was_noticed())
    }

    /// Whether what waits may be sent now.
    pub(super) fn may_send(&self, life: &Life) -> bool {
        self.may_record(life.forced.load(Ordering::Relaxed))
    }

    /// Erases the client ID, the salt and all events of this app, those of other processes and destinations included.
    pub(super) fn erase(&self) -> Result<(), Error> {
        let life = self.life();
        if let Some(session) = life.session() {
            life.forget(&session);
        }
        life.forced.store(false, Ordering::Relaxed);
        let state = self.state.as_ref().map_err(Clone::clone)?;
        state.check()?;
        // The ID may have been the state directory's before the tool had counters.
        let id = self.counters.as_ref().map_or(Ok(()), Counters::erase).and(self.id_file(state).erase());
        let salt = salt::erase(&state.salt());
        // A draft has an ID in it, too, and where telemetry is off no worker removes it.
        self.sweep_drafts(state);
        let spools = state::remove_all(&state.spools());
        let spools = spools.map_err(|error| Error::storage("the spool cannot be erased", &error));
        // Another thread may have opened a session with the old ID before it was gone.
        self.forget_if_erased(life);
        id.and(salt).and(spools)
    }
}

/// A decision in one byte: the rule's number, and one bit for on.
fn pack(consent: Consent) -> u8 {
    (consent.reason as u8) << 1 | u8::from(consent.enabled)
}

fn unpack(packed: u8) -> Consent {
    let reason = ConsentReason::ALL.get(usize::from(packed >> 1)).copied().unwrap_or(ConsentReason::NoApiKey);
    Consent { enabled: packed & 1 == 1, reason }
}
