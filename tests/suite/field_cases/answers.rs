//! What the API answers: error codes, odd lists, and answers to another question.
