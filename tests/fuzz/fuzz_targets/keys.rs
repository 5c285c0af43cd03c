//! Any input of a terminal, in pieces: the decoder accepts it, never waits forever, and decodes the
//! next key.

#![no_main]

use crossterm::event::{Event, KeyCode};
use libfuzzer_sys::fuzz_target;
use tokenscope::terminal::Decoder;

fuzz_target!(|pieces: Vec<(&[u8], bool)>| {
    let mut decoder = Decoder::default();
    for (piece, is_followed_by_silence) in pieces {
        decoder.feed(piece);
        if is_followed_by_silence {
            decoder.time_out();
            assert_eq!(decoder.timeout(), None);
        }
    }
    decoder.time_out();
    assert_eq!(decoder.timeout(), None);
    assert_eq!(decoder.feed(b"q"), [Event::Key(KeyCode::Char('q').into())]);
});
