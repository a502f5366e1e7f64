"""A corpus that needs no download: short texts on four topics, from a seed.

Made of words that belong to a topic, words of other topics, and words that
belong to none, so that a few labelled texts leave most of the topics' words
unseen. Needs NumPy alone and draws from raw Philox bits, which do not change
between NumPy's versions.
"""

import numpy as np

_TOPICS = (
    "rain cloud storm wind sun snow fog frost thunder drizzle sleet breeze "
    "hail humid forecast mist gale icy sunny cloudy heatwave rainbow lightning "
    "drought",
    "goal team match coach player league score referee stadium defender "
    "striker tournament whistle penalty keeper pitch transfer champion "
    "tackle captain derby kickoff offside trophy",
    "butter oven flour recipe sugar onion garlic simmer bake saucepan whisk "
    "dough pepper roast broth teaspoon knead stew grill marinade cinnamon "
    "parsley skillet yeast",
    "market shares bank profit investor bond inflation dividend broker debt "
    "currency loan quarter merger earnings stock asset budget trader interest "
    "revenue fund tariff audit",
)
_COMMON = (
    "the a of and to in it was for on that with as at this but from they we "
    "she he had not are or been which when there will more about up out so "
    "some time people other new first after long great little day year old "
    "good place come made over such take work right"
)
_TOPIC_WORDS = tuple(tuple(topic.split()) for topic in _TOPICS)
_OF_TOPIC, _OF_OTHERS = 0.3, 0.1  # chances of a word's kind

DROPPED = 0  # the token in the place of one that a view takes away
VOCABULARY = (
    "",
    *_COMMON.split(),
    *(word for topic in _TOPIC_WORDS for word in topic),
)


def topics(
    num_texts: int = 2000, *, num_words: int = 16, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Writes texts, as many on each topic, as rows of token ids.

    Every word is of the text's topic with a chance of 0.3, of another topic
    with 0.1, and else a common one; a topic's later words are rarer, as in
    `1 / rank`.

    Args:
        num_texts: Texts of all four topics together.
        num_words: Words per text.
        seed: Equal seeds give equal texts.

    Returns:
        Indices into `VOCABULARY`, int32, shape `(num_texts, num_words)`, and
        topics from 0 to 3, int32, shape `(num_texts,)`.

    >>> tokens, labels = topics(100, seed=3)
    >>> tokens.shape, np.bincount(labels).tolist(), words(tokens[:1, :3])
    ((100, 16), [25, 25, 25, 25], ['rain take when'])
    """
    draws = np.random.Philox(seed).random_raw(num_texts * num_words * 3)
    uniform = (draws >> np.uint64(11)).reshape(num_texts, num_words, 3) / 2**53
    labels = np.arange(num_texts) % len(_TOPICS)
    kind, which, other = np.moveaxis(uniform, -1, 0)
    shift = 1 + (other * (len(_TOPICS) - 1)).astype(int)
    is_topic, is_other = kind < _OF_TOPIC, kind < _OF_TOPIC + _OF_OTHERS
    topic = np.where(is_topic, labels[:, None], labels[:, None] + shift)
    size, start = len(_TOPIC_WORDS[0]), 1 + len(_COMMON.split())
    chances = np.cumsum(1 / np.arange(1, size + 1))
    rank = np.searchsorted(chances / chances[-1], which, side="right")
    of_topics = start + topic % len(_TOPICS) * size + rank
    common = 1 + (which * (start - 1)).astype(int)
    tokens = np.where(is_other, of_topics, common)
    return tokens.astype(np.int32), labels.astype(np.int32)


def words(tokens: np.ndarray) -> list[str]:
    """Spells rows of token ids as texts, for people.

    >>> words(np.array([[1, 2]]))
    ['the a']
    """
    return [" ".join(VOCABULARY[i] for i in row) for row in tokens]
