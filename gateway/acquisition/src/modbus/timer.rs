//! One timer for all that a link waits for.
//!
//! A timer of the runtime costs a lock when it is made, moved forward or dropped, and nothing when
//! it is left alone. A deadline moves with every exchange and is hardly ever met. So there is one
//! timer, set to some moment that is not after the deadline; when it goes off early it is set
//! again. A link that exchanges 20 000 frames a second with a timeout of a second touches it once
//! a second.

use core::{
    future::{Future, poll_fn},
    pin::Pin,
    task::{Context, Poll},
};
use tokio::time::{Instant, Sleep, sleep_until};

/// The timer.
#[derive(Debug)]
pub(super) struct Timer(Option<Pin<Box<Sleep>>>);

impl Timer {
    pub(super) const fn new() -> Self {
        Self(None)
    }

    /// Ready once `deadline` has come.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>, deadline: Instant) -> Poll<()> {
        let timer = self.0.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if timer.deadline() > deadline {
            timer.as_mut().reset(deadline);
        }
        while timer.as_mut().poll(cx).is_ready() {
            if timer.deadline() >= deadline || Instant::now() >= deadline {
                return Poll::Ready(());
            }
            timer.as_mut().reset(deadline);
        }
        Poll::Pending
    }

    /// Waits until `deadline`.
    pub(super) async fn until(&mut self, deadline: Instant) {
        poll_fn(|cx| self.poll(cx, deadline)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::time::Duration;

    #[tokio::test(start_paused = true)]
    async fn deadlines_are_kept_in_any_order() {
        let (start, mut timer) = (Instant::now(), Timer::new());
        for ms in [100, 50, 120, 119, 500, 500, 501] {
            let deadline = start + Duration::from_millis(ms);
            let began = Instant::now();
            timer.until(deadline).await;
            assert_eq!(Instant::now(), deadline.max(began), "{ms} ms");
        }
    }

    /// A deadline that moves while it is waited for.
    #[tokio::test(start_paused = true)]
    async fn a_deadline_that_is_put_off_is_met_in_the_end() {
        let (start, mut timer) = (Instant::now(), Timer::new());
        let soon = start + Duration::from_millis(10);
        poll_fn(|cx| {
            assert!(timer.poll(cx, soon).is_pending());
            Poll::Ready(())
        })
        .await;
        timer.until(start + Duration::from_millis(70)).await;
        assert_eq!(start.elapsed(), Duration::from_millis(70));
    }
}
