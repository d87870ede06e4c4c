package dev.kemudi.cel;

/**
 * A text in the making. Functions whose result may be as long as the product of their arguments
 * build it with this: what an evaluation could not pay for is never held in memory. For one thread.
 */
final class BoundedText {
    private static final int CHARS_MAX = Limits.defaults().textCharsMax();

    private final StringBuilder text = new StringBuilder();

    /**
     * @throws IllegalArgumentException when the text became longer than any may be
     */
    BoundedText append(CharSequence more) {
        return append(more, 0, more.length());
    }

    /**
     * @throws IllegalArgumentException when the text became longer than any may be
     */
    BoundedText append(CharSequence more, int from, int to) {
        if (to - from > CHARS_MAX - text.length()) {
            throw new IllegalArgumentException(
                    "the result has more than %d characters".formatted(CHARS_MAX));
        }
        text.append(more, from, to);
        return this;
    }

    @Override
    public String toString() {
        return text.toString();
    }
}
