//! Things that come and go, each with a key that nothing later has.

/// The key of a thing: its place, and which of the things that had this place it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Key {
    at: u32,
    generation: u32,
}

impl Key {
    /// The key of nothing.
    pub const NONE: Key = Key { at: u32::MAX, generation: u32::MAX };

    /// A number of its own.
    pub fn number(self) -> u64 {
        u64::from(self.at) << 32 | u64::from(self.generation)
    }
}

/// Things by key. What is gone is found under no key, although its place is used again.
#[derive(Debug)]
pub(super) struct Arena<T> {
    items: Vec<(u32, Option<T>)>,
    free: Vec<u32>,
}

impl<T> Arena<T> {
    pub fn new() -> Self {
        Arena { items: Vec::new(), free: Vec::new() }
    }

    pub fn add(&mut self, item: T) -> Key {
        if let Some(at) = self.free.pop()
            && let Some((generation, slot)) = self.items.get_mut(at as usize)
        {
            *slot = Some(item);
            return Key { at, generation: *generation };
        }
        let at = u32::try_from(self.items.len()).unwrap_or(u32::MAX);
        self.items.push((0, Some(item)));
        Key { at, generation: 0 }
    }

    pub fn get(&self, key: Key) -> Option<&T> {
        self.items.get(key.at as usize).filter(|(generation, _)| *generation == key.generation)?.1.as_ref()
    }

    pub fn get_mut(&mut self, key: Key) -> Option<&mut T> {
        self.items.get_mut(key.at as usize).filter(|(generation, _)| *generation == key.generation)?.1.as_mut()
    }

    pub fn remove(&mut self, key: Key) -> Option<T> {
        let (generation, slot) = self.items.get_mut(key.at as usize)?;
        if *generation != key.generation {
            return None;
        }
        let item = slot.take()?;
        *generation = generation.wrapping_add(1);
        self.free.push(key.at);
        Some(item)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.items.len() - self.free.len()
    }

    /// The keys of those that a question is answered with yes for, in the order of their places.
    pub fn keys(&self, wanted: impl Fn(&T) -> bool) -> Vec<Key> {
        let named = (0u32..).zip(&self.items);
        let found = named.filter(|(_, (_, item))| item.as_ref().is_some_and(&wanted));
        found.map(|(at, (generation, _))| Key { at, generation: *generation }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_that_is_used_again_has_another_key() {
        let mut arena = Arena::new();
        let (a, b) = (arena.add('a'), arena.add('b'));
        assert_eq!(arena.remove(a), Some('a'));
        let c = arena.add('c');
        assert_eq!((arena.get(a), arena.get(b), arena.get(c), arena.len()), (None, Some(&'b'), Some(&'c'), 2));
        assert_eq!((arena.remove(a), arena.get_mut(Key::NONE)), (None, None));
        assert_eq!(arena.keys(|item| *item > 'a'), [c, b]);
    }
}
