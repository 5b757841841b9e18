//! Asking the person at the terminal for a yes.

use async_trait::async_trait;
use plimsoll_ops::{Always, Approve, Loss, Never, PlanView};
use tokio::sync::{mpsc, oneshot};

use crate::console::{self, Console};

/// A question that a yes answers.
pub struct Question {
    /// It.
    text: String,
    answer: oneshot::Sender<bool>,
}

/// Hands questions to whoever owns the screen, and waits for the answer.
struct Ask(mpsc::UnboundedSender<Question>);

impl Ask {
    async fn ask(&self, text: String) -> bool {
        let (answer, answered) = oneshot::channel();
        // When nobody can be asked any more, nobody has said yes.
        self.0.send(Question { text, answer }).is_ok() && answered.await.unwrap_or(false)
    }
}

#[async_trait]
impl Approve for Ask {
    async fn approve(&self, plan: &PlanView) -> bool {
        self.ask(format!("Change {} so?", plan.key)).await
    }

    async fn approve_loss(&self, losses: &[Loss]) -> bool {
        let lines: String = losses.iter().map(|loss| format!("{loss}\n")).collect();
        self.ask(format!("{lines}Bring the backup back, and lose what was written since?")).await
    }
}

/// Who says yes to plans: `--yes`, the person at the terminal, or nobody.
pub fn approver(console: Console, yes: bool, questions: mpsc::UnboundedSender<Question>) -> Box<dyn Approve> {
    match (yes, console.can_ask()) {
        (true, _) => Box::new(Always),
        (false, true) => Box::new(Ask(questions)),
        (false, false) => Box::new(Never),
    }
}

impl Question {
    /// Asks, and passes the answer on. The line is read beside all else, so that signals are still heard.
    pub fn ask(self) {
        console::prompt(&format!("{} [y/N] ", self.text));
        // Whoever gave up waiting needs no answer.
        tokio::task::spawn_blocking(move || self.answer.send(is_answered_yes()).ok());
    }
}

/// Asks the person at the terminal a question that a yes answers.
pub async fn ask(question: &str) -> bool {
    console::prompt(&format!("{question} [y/N] "));
    tokio::task::spawn_blocking(is_answered_yes).await.unwrap_or(false)
}

fn is_answered_yes() -> bool {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).is_ok() && means_yes(&line)
}

fn means_yes(line: &str) -> bool {
    matches!(line.trim().to_lowercase().as_str(), "y" | "yes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_yes_is_a_yes() {
        for (line, expect) in [("y\n", true), (" YES \n", true), ("\n", false), ("", false), ("no\n", false), ("yep\n", false)] {
            assert_eq!(means_yes(line), expect, "{line:?}");
        }
    }
}
