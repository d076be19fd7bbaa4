//! A plant that goes with a clock, shared by all who look at it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use weir_domain::Clock;
use weir_plant::{Incident, Plant, Truth};

/// A plant and the clock it goes with. Clones are the same plant.
#[derive(Clone)]
pub struct SharedPlant(Arc<Inner>);

struct Inner {
    plant: Mutex<Plant>,
    clock: Arc<dyn Clock>,
}

impl SharedPlant {
    /// Puts a plant under a clock. It catches up when it is first looked at; a week takes a second
    /// or so.
    pub fn new(plant: Plant, clock: Arc<dyn Clock>) -> Self {
        Self(Arc::new(Inner { plant: Mutex::new(plant), clock }))
    }

    /// Looks at the plant as it is now.
    pub fn look<T>(&self, look: impl FnOnce(&Plant) -> T) -> T {
        look(&self.now())
    }

    /// Lets something go wrong.
    pub fn schedule(&self, incident: Incident) {
        self.now().schedule(incident);
    }

    /// What has happened so far.
    pub fn truth(&self) -> Vec<Truth> {
        self.now().truth().to_vec()
    }

    /// The clock.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.0.clock
    }

    fn now(&self) -> MutexGuard<'_, Plant> {
        // A plant has no state in between that a panic could leave behind.
        let mut plant = self.0.plant.lock().unwrap_or_else(PoisonError::into_inner);
        plant.advance(self.0.clock.now());
        plant
    }
}
