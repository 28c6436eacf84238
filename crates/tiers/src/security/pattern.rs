//! Glob patterns over keys, as Redis's `KEYS` and `SCAN ... MATCH` have them, and templates with a
//! place for an id.
//!
//! | written | matches |
//! |---|---|
//! | `*` | any bytes, none included |
//! | `?` | one byte |
//! | `[abc]`, `[a-z]` | one byte of these; a range may be written backwards |
//! | `[^abc]` | one byte but these |
//! | `\x` | the byte `x`, in and out of brackets |
//! | anything else | itself |
//!
//! Keys and patterns are bytes; case counts. Source: the documentation of `KEYS` on redis.io, read
//! 2026-11-25, and for what it leaves open (ranges backwards, `[]` that matches nothing and `[^]` that
//! matches any byte) Redis's matcher. One deviation: Redis guesses what an open bracket or a trailing
//! backslash means; a mistyped pattern that erases the wrong things is worse, so it is refused.
//!
//! # Matching
//!
//! A matcher that recurses at every star, as Redis's first one did, takes exponential time for some
//! patterns. Here a mismatch goes back to the last star only, which takes one byte more: earlier stars
//! need no second try, because the leftmost match of what stands between two stars leaves most to the
//! rest. So a key of n bytes and a pattern of m cost at most n m steps, and n + m for a pattern such as
//! `user:42:*`.

use super::SecurityError;

/// A pattern ready to match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    tokens: Vec<Token>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Byte(u8),
    Any,
    Class(Box<ByteSet>),
    Star,
    /// Where a template takes the id.
    Id,
}

/// A bit a byte value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct ByteSet([u64; 4]);

impl ByteSet {
    fn insert(&mut self, byte: u8) {
        self.0[usize::from(byte >> 6)] |= 1 << (byte & 63);
    }

    fn contains(self, byte: u8) -> bool {
        self.0[usize::from(byte >> 6)] >> (byte & 63) & 1 == 1
    }

    fn inverted(self) -> Self {
        ByteSet(self.0.map(|word| !word))
    }
}

impl Token {
    /// Whether it takes this byte.
    #[inline]
    fn takes(&self, byte: u8) -> bool {
        match self {
            Token::Byte(own) => *own == byte,
            Token::Any => true,
            Token::Class(set) => set.contains(byte),
            Token::Star | Token::Id => false,
        }
    }

    fn literal(&self) -> Option<u8> {
        match self {
            Token::Byte(byte) => Some(*byte),
            _ => None,
        }
    }
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// If a bracket is open or a backslash stands at the end.
    pub fn new(text: &[u8]) -> Result<Self, SecurityError> {
        Ok(Pattern { tokens: parse(text, false)? })
    }

    /// Whether it matches the whole of a key.
    pub fn matches(&self, key: &[u8]) -> bool {
        matches(&self.tokens, key)
    }

    /// The bytes that every key it matches begins with.
    pub fn literal_prefix(&self) -> Vec<u8> {
        self.tokens.iter().map_while(Token::literal).collect()
    }

    /// Whether it matches one key only: its [prefix](Pattern::literal_prefix).
    pub fn is_literal(&self) -> bool {
        self.tokens.iter().all(|token| token.literal().is_some())
    }
}

/// A pattern with a place for the id of a person, written `ID` as a word of its own: `user:ID:*`.
///
/// `\ID` is the two letters. The id is taken literally, whatever bytes it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    tokens: Vec<Token>,
    place: Option<Place>,
}

/// Where ids stand in keys, if that can be told.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    /// The bytes before the id.
    prefix: Vec<u8>,
    /// The byte at which it ends; the end of the key if `None`.
    end: Option<u8>,
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// If it is no pattern, or has no `ID`.
    pub fn new(text: &str) -> Result<Self, SecurityError> {
        let tokens = parse(text.as_bytes(), true)?;
        if !tokens.contains(&Token::Id) {
            let what =
                format!("`{text}` has no `ID` as a word of its own; write it as in \"user:ID:*\"");
            return Err(SecurityError::new("patterns", what));
        }
        let place = Place::of(&tokens);
        Ok(Template { tokens, place })
    }

    /// The pattern for one person.
    pub fn fill(&self, id: &[u8]) -> Pattern {
        let mut tokens = Vec::with_capacity(self.tokens.len() + id.len());
        for token in &self.tokens {
            match token {
                Token::Id => tokens.extend(id.iter().map(|byte| Token::Byte(*byte))),
                other => tokens.push(other.clone()),
            }
        }
        Pattern { tokens }
    }

    /// Whose key this is: the shortest id that makes the template match it.
    ///
    /// Only for templates with an [`Template::id_prefix`]; others find nothing.
    pub fn id_in<'k>(&self, key: &'k [u8]) -> Option<&'k [u8]> {
        let Place { prefix, end } = self.place.as_ref()?;
        let rest = key.strip_prefix(prefix.as_slice())?;
        let length = match end {
            None => rest.len(),
            Some(end) => rest.iter().position(|byte| byte == end)?,
        };
        let (id, rest) = rest.split_at(length);
        let after = &self.tokens[prefix.len() + 1..];
        let fits = match after.contains(&Token::Id) {
            true => self.fill(id).matches(key),
            false => matches(after, rest),
        };
        (!id.is_empty() && fits).then_some(id)
    }

    /// The bytes before the id, if ids can be read off keys: nothing but plain bytes stand before
    /// `ID`, and after it a plain byte, at which the id ends, or nothing.
    pub fn id_prefix(&self) -> Option<&[u8]> {
        self.place.as_ref().map(|place| place.prefix.as_slice())
    }
}

impl Place {
    fn of(tokens: &[Token]) -> Option<Self> {
        let at = tokens.iter().position(|token| *token == Token::Id)?;
        let prefix = tokens[..at].iter().map(Token::literal).collect::<Option<_>>()?;
        match tokens.get(at + 1) {
            None => Some(Place { prefix, end: None }),
            Some(token) => token.literal().map(|byte| Place { prefix, end: Some(byte) }),
        }
    }
}

/// Whether tokens match the whole of a text.
fn matches(tokens: &[Token], text: &[u8]) -> bool {
    let (mut at, mut next) = (0, 0);
    // What follows the last star seen, and how far that star reaches so far.
    let mut star: Option<(usize, usize)> = None;
    while at < text.len() {
        match tokens.get(next) {
            Some(Token::Star) => {
                star = Some((next + 1, at));
                next += 1;
            }
            Some(token) if token.takes(text[at]) => (at, next) = (at + 1, next + 1),
            _ => {
                let Some((after, reach)) = &mut star else { return false };
                *reach += 1;
                (at, next) = (*reach, *after);
            }
        }
    }
    tokens[next..].iter().all(|token| *token == Token::Star)
}

/// Reads tokens; `ID` is a place if `with_id`.
fn parse(text: &[u8], with_id: bool) -> Result<Vec<Token>, SecurityError> {
    let fail = |what: &str| {
        let text = String::from_utf8_lossy(text);
        Err(SecurityError::new("patterns", format!("`{text}` {what}")))
    };
    let mut tokens = Vec::with_capacity(text.len());
    let mut rest = text;
    let mut in_word = false;
    while let Some((&byte, after)) = rest.split_first() {
        let word = byte.is_ascii_alphanumeric() || byte == b'_';
        let starts_id = with_id && !in_word && rest.starts_with(b"ID");
        in_word = word;
        rest = after;
        let token = match byte {
            b'*' => Token::Star,
            b'?' => Token::Any,
            b'\\' => match rest.split_first() {
                None => return fail("ends in a backslash; write `\\\\` for the byte itself"),
                Some((&escaped, after)) => {
                    rest = after;
                    in_word = true;
                    Token::Byte(escaped)
                }
            },
            b'[' => match class(rest) {
                None => return fail("has a `[` without its `]`; write `\\[` for the byte itself"),
                Some((set, after)) => {
                    rest = after;
                    Token::Class(Box::new(set))
                }
            },
            _ if starts_id
                && !after.get(1).is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_') =>
            {
                rest = &after[1..];
                Token::Id
            }
            byte => Token::Byte(byte),
        };
        // Stars in a row are one.
        if token != Token::Star || tokens.last() != Some(&Token::Star) {
            tokens.push(token);
        }
    }
    Ok(tokens)
}

/// Reads the inside of brackets; what follows them. `None` if they are not closed.
fn class(text: &[u8]) -> Option<(ByteSet, &[u8])> {
    let (negated, mut rest) = match text.strip_prefix(b"^") {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let mut set = ByteSet::default();
    loop {
        rest = match rest {
            [b']', after @ ..] => {
                return Some((if negated { set.inverted() } else { set }, after));
            }
            [b'\\', byte, after @ ..] => {
                set.insert(*byte);
                after
            }
            [from, b'-', to, after @ ..] => {
                (*from.min(to)..=*from.max(to)).for_each(|byte| set.insert(byte));
                after
            }
            [byte, after @ ..] => {
                set.insert(*byte);
                after
            }
            [] => return None,
        };
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn matches(pattern: &str, key: &str) -> bool {
        Pattern::new(pattern.as_bytes()).unwrap().matches(key.as_bytes())
    }

    /// The examples of the documentation of KEYS, redis.io/commands/keys.
    #[test]
    fn redis_documented_examples() {
        for (pattern, yes, no) in [
            ("h?llo", &["hello", "hallo", "hxllo"][..], &["hllo", "heello", "hell"][..]),
            ("h*llo", &["hllo", "heeeello"], &["hll", "ello"]),
            ("h[ae]llo", &["hello", "hallo"], &["hillo", "hllo"]),
            ("h[^e]llo", &["hallo", "hbllo"], &["hello", "hllo"]),
            ("h[a-b]llo", &["hallo", "hbllo"], &["hcllo", "h-llo"]),
            ("*name*", &["firstname", "lastname"], &["age"]),
            ("a??", &["age"], &["name", "ag"]),
            ("*", &["age", ""], &[]),
        ] {
            for key in yes {
                assert!(matches(pattern, key), "{pattern} {key}");
            }
            for key in no {
                assert!(!matches(pattern, key), "{pattern} {key}");
            }
        }
    }

    #[test]
    fn brackets_and_escapes() {
        assert!(matches("a\\*b", "a*b") && !matches("a\\*b", "axb"));
        assert!(matches("[\\]]", "]") && matches("[\\^a]", "^") && matches("\\\\", "\\"));
        assert!(matches("[c-a]", "b") && !matches("[c-a]", "-"));
        assert!(matches("[^]", "x") && !matches("[^]", "") && !matches("[]", "x"));
        assert!(matches("[a\\-c]", "-") && !matches("[a\\-c]", "b"));
        assert!(matches("", "") && !matches("", "a"));
        let bytes = Pattern::new(b"\xff[\x80-\x82]").unwrap();
        assert!(bytes.matches(b"\xff\x81") && !bytes.matches(b"\xff\x83"));
        for open in ["[", "a[bc", "[^", "[a-]", "[\\]", "a\\"] {
            assert_eq!(Pattern::new(open.as_bytes()).unwrap_err().field, "patterns", "{open}");
        }
    }

    /// What takes a recursive matcher some 10^20 steps.
    #[test]
    fn many_stars_are_no_danger() {
        let pattern = Pattern::new("a*".repeat(40).as_bytes()).unwrap();
        let mut key = vec![b'a'; 2_000];
        assert!(pattern.matches(&key));
        let pattern = Pattern::new(("a*".repeat(40) + "b").as_bytes()).unwrap();
        assert!(!pattern.matches(&key));
        key.push(b'b');
        assert!(pattern.matches(&key));
    }

    #[test]
    fn a_template_takes_an_id_literally() {
        let user = Template::new("user:ID:*").unwrap();
        assert!(user.fill(b"42").matches(b"user:42:cart"));
        assert!(!user.fill(b"4").matches(b"user:42:cart"));
        // An id of glob characters is not a glob.
        assert!(!user.fill(b"*").matches(b"user:42:cart"));
        assert!(user.fill(b"*").matches(b"user:*:cart"));
        let twice = Template::new("ID/IDLE/\\ID/ID").unwrap();
        assert!(twice.fill(b"7").matches(b"7/IDLE/ID/7"));
        for without in ["user:42:*", "userID:*", "ID_x", "\\ID", "[ID]"] {
            assert!(Template::new(without).is_err(), "{without}");
        }
    }

    #[test]
    fn ids_are_read_off_keys() {
        let id = |template: &str, key: &'static str| {
            Template::new(template).unwrap().id_in(key.as_bytes()).map(|id| id.to_vec())
        };
        assert_eq!(id("user:ID:*", "user:42:cart:1"), Some(b"42".to_vec()));
        assert_eq!(id("user:ID:*", "user:42"), None);
        assert_eq!(id("user:ID:*", "user::x"), None);
        assert_eq!(id("user:ID", "user:42:x"), Some(b"42:x".to_vec()));
        assert_eq!(id("ID:[0-9]", "bob:7"), Some(b"bob".to_vec()));
        assert_eq!(id("ID:[0-9]", "bob:x"), None);
        assert_eq!(id("*:ID", "user:42"), None);
        assert_eq!(id("ID:ID:x", "7:7:x"), Some(b"7".to_vec()));
        assert_eq!(id("ID:ID:x", "7:8:x"), None);
        assert_eq!(Template::new("*:ID").unwrap().id_prefix(), None);
        assert_eq!(Template::new("user:ID*").unwrap().id_prefix(), None);
    }

    /// Straight from the definition, in exponential time.
    fn naive(tokens: &[Token], key: &[u8]) -> bool {
        match tokens.split_first() {
            None => key.is_empty(),
            Some((Token::Star, rest)) => (0..=key.len()).any(|skip| naive(rest, &key[skip..])),
            Some((token, rest)) => {
                key.split_first().is_some_and(|(byte, key)| token.takes(*byte) && naive(rest, key))
            }
        }
    }

    proptest! {
        #[test]
        fn the_matcher_equals_its_naive_twin(
            pattern in "[ab?*]{0,9}|([ab*?]|\\[[ab]\\]|\\[\\^a\\]|\\[a-b\\]){0,6}",
            key in "[abc]{0,10}",
        ) {
            let pattern = Pattern::new(pattern.as_bytes()).unwrap();
            prop_assert_eq!(pattern.matches(key.as_bytes()), naive(&pattern.tokens, key.as_bytes()));
            if pattern.matches(key.as_bytes()) {
                prop_assert!(key.as_bytes().starts_with(&pattern.literal_prefix()));
            }
        }

        #[test]
        fn any_bytes_are_a_pattern_or_an_error(
            text in prop::collection::vec(any::<u8>(), 0..40),
            key in prop::collection::vec(any::<u8>(), 0..40),
        ) {
            if let Ok(pattern) = Pattern::new(&text) {
                pattern.matches(&key);
            }
            // Every byte escaped is the text itself.
            let escaped: Vec<u8> = key.iter().flat_map(|byte| [b'\\', *byte]).collect();
            let literal = Pattern::new(&escaped).unwrap();
            prop_assert!(literal.matches(&key) && literal.is_literal());
            prop_assert_eq!(literal.literal_prefix(), key);
        }

        #[test]
        fn an_id_read_off_a_key_fills_its_template(id in "[a-z*\\[?]{1,8}", rest in "[a-z:]{0,8}") {
            let template = Template::new("user:ID:*").unwrap();
            let key = format!("user:{id}:{rest}");
            prop_assert_eq!(template.id_in(key.as_bytes()), Some(id.as_bytes()));
            prop_assert!(template.fill(id.as_bytes()).matches(key.as_bytes()));
        }
    }
}
