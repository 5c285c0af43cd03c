//! The pictures of the README, drawn from the demo, so that they are never outdated.

mod drawing;
mod film;
mod grid;
mod session;
mod shapes;
mod svg;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokenscope::action::Action;
use tokenscope::app::state::State;

use crate::screens::scenes::{Renderer, renderer};
use film::{Frame, Picture};
use session::DemoSession;
use svg::{Colors, Element, Layer};

/// The maximum size of a still and of a moving picture, in bytes.
const LARGEST: (usize, usize) = (100_000, 400_000);

/// The width of the screens, so that all pictures have the same scale.
const COLUMNS: u16 = 96;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/pictures")
}

/// The dark and the light theme, with UTC as the time zone.
fn themes() -> [Renderer; 2] {
    ["dark", "light"].map(|name| {
        let mut renderer = renderer(name, false);
        renderer.local = |instant| instant.fixed_offset();
        renderer
    })
}

fn still(title: &str, state: &State, size: (u16, u16)) -> String {
    let mut colors = Colors::default();
    let grid = grid::draw(state, size, &themes());
    let frame = Frame {
        elements: svg::elements(&grid, &mut colors),
        lasts: Duration::ZERO,
    };
    let picture = Picture {
        title: title.to_owned(),
        size,
        poster: 0,
    };
    picture.file(&[frame], &mut colors)
}

/// A session that is filmed. Its first countdown changes on the whole second.
struct Film {
    demo: DemoSession,
    themes: [Renderer; 2],
    size: (u16, u16),
    colors: Colors,
    frames: Vec<Frame>,
}

impl Film {
    /// Shows the screen while time passes.
    async fn hold(&mut self, key: Option<&str>, seconds: &[f64]) {
        for seconds in seconds {
            let grid = grid::draw(&self.demo.state, self.size, &self.themes);
            let mut elements = svg::elements(&grid, &mut self.colors);
            if let Some(key) = key {
                elements.extend(svg::key_cap(key, self.size.0, &mut self.colors));
            }
            let lasts = Duration::from_secs_f64(*seconds);
            self.frames.push(Frame { elements, lasts });
            self.demo.wait(lasts).await;
        }
    }
}

/// Looks up a token in its last seconds, and who used it.
async fn tour() -> String {
    let size = (COLUMNS, 19);
    let mut film = Film {
        demo: DemoSession::open(size).await,
        themes: themes(),
        size,
        colors: Colors::default(),
        frames: Vec::new(),
    };
    film.demo.wait(Duration::from_secs(80)).await;
    film.hold(None, &[1.0, 1.0]).await;
    for key in ["p", "r"] {
        film.demo.type_text(key).await;
        film.hold(Some(key), &[0.5]).await;
    }
    film.demo.type_text("e").await;
    film.hold(Some("e"), &[1.0, 1.0]).await;
    film.demo.press(Action::Submit).await;
    film.hold(Some("Enter"), &[1.0]).await;
    let poster = film.frames.len();
    film.hold(None, &[1.0; 8]).await;
    film.demo.press(Action::Uses).await;
    film.hold(Some("u"), &[1.0]).await;
    film.hold(None, &[1.0; 4]).await;
    let picture = Picture {
        title:
            "Typing a part of a name finds a token in its last seconds. Its page counts down until it \
                expires and says what to do. The key u shows the apps that refuse it from then on."
                .to_owned(),
        size,
        poster,
    };
    picture.file(&film.frames, &mut film.colors)
}

/// Every picture by its name.
async fn pictures() -> BTreeMap<&'static str, String> {
    let mut demo = DemoSession::open((COLUMNS, 14)).await;
    let mut all = BTreeMap::from([("tour", Box::pin(tour()).await)]);
    let find = "Find: a field that searches while one types, and the tokens that need attention, each \
                with the time left and when it was last seen.";
    demo.type_text("dep").await;
    all.insert("find", still(find, &demo.state, (COLUMNS, 16)));

    demo.press(Action::DeleteToStart).await;
    demo.press(Action::Browse).await;
    let browse =
        "All tokens, the most urgent first: name, time left, expiry, last seen and a note.";
    all.insert("browse", still(browse, &demo.state, (COLUMNS, 22)));

    for _ in 0..3 {
        demo.press(Action::Down).await;
    }
    demo.press(Action::Submit).await;
    let detail = "One token: a countdown to its expiry, a bar of its lifetime, what to do, and every \
                  field.";
    all.insert("detail", still(detail, &demo.state, (COLUMNS, 23)));

    demo.press(Action::Uses).await;
    for _ in 0..2 {
        demo.press(Action::Down).await;
    }
    demo.press(Action::Probe).await;
    demo.type_text("last-years-secret").await;
    demo.press(Action::Submit).await;
    let probe = "A probe: the answers of an app without and with the token, and what to do.";
    all.insert("probe", still(probe, &demo.state, (COLUMNS, 15)));

    let mut demo = DemoSession::open((COLUMNS, 19)).await;
    demo.type_text("tunnel-health").await;
    demo.press(Action::Submit).await;
    demo.press(Action::Uses).await;
    let uses = "Who uses a token: whether it may be deleted, who is told before it expires, and for each \
                app whether it opens and why.";
    all.insert("uses", still(uses, &demo.state, (COLUMNS, 19)));
    all
}

#[tokio::test]
async fn pictures_show_the_current_screens() {
    let is_updated = std::env::var("INSTA_UPDATE").is_ok_and(|wish| wish == "always");
    let mut stale = Vec::new();
    for (name, picture) in Box::pin(pictures()).await {
        let file = folder().join(format!("{name}.svg"));
        if std::fs::read_to_string(&file).is_ok_and(|drawn| drawn == picture) {
            continue;
        }
        if is_updated {
            std::fs::write(file, picture).unwrap();
        } else {
            stale.push(name);
        }
    }
    assert!(
        stale.is_empty(),
        "the program has changed since {stale:?} in assets/pictures were drawn: draw them again with \
         INSTA_UPDATE=always cargo test pictures, and look at them in a browser"
    );
}

#[tokio::test]
async fn pictures_are_reproducible() {
    assert_eq!(Box::pin(tour()).await, Box::pin(tour()).await);
}

#[test]
fn the_readme_shows_every_picture_and_pictures_load_nothing() {
    let readme = include_str!("../../../README.md");
    let mut shown: BTreeSet<String> = BTreeSet::new();
    for part in readme.split("assets/pictures/").skip(1) {
        shown.insert(part.split('"').next().unwrap().to_owned());
    }
    let mut drawn = BTreeSet::new();
    for entry in std::fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        let largest = if name == "tour.svg" {
            LARGEST.1
        } else {
            LARGEST.0
        };
        assert!(text.len() < largest, "{name} has {} bytes", text.len());
        let loading = [
            "href", "url(", "@import", "<script", "<image", "<foreign", "=\"http",
        ];
        let drawing = text.replacen("xmlns=\"http://www.w3.org/2000/svg\"", "", 1);
        let found = loading.iter().find(|it| drawing.contains(**it));
        assert_eq!(found, None, "{name}");
        drawn.insert(name);
    }
    assert_eq!(shown, drawn);
}

#[test]
fn shared_parts_of_frames_are_drawn_once() {
    let element = |markup: &str| Element {
        layer: Layer::Text,
        markup: markup.to_owned(),
    };
    let frame = |markups: &[&str]| Frame {
        elements: markups.iter().copied().map(element).collect(),
        lasts: Duration::from_secs(1),
    };
    let picture = Picture {
        title: "a < b".to_owned(),
        size: (40, 10),
        poster: 1,
    };
    let frames = [
        frame(&["<always/>", "<first/>"]),
        frame(&["<always/>", "<second/>"]),
    ];
    let file = picture.file(&frames, &mut Colors::default());
    assert_eq!(file.matches("<always/>").count(), 1);
    assert!(
        file.contains("<title id=\"title\">a &lt; b</title>"),
        "{file}"
    );
    let hidden = ".v0{visibility:visible;animation-name:v0}@keyframes v0{0.000%{visibility:hidden}50.000%{visibility:visible}}";
    assert!(file.contains(hidden), "{file}");
}
