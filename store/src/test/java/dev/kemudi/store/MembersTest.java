package dev.kemudi.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kemudi.log.Peer;
import java.util.List;
import org.junit.jupiter.api.Test;

class MembersTest {
    private static final Peer ONE = new Peer(1, "a:1", false);
    private static final Peer TWO = new Peer(2, "b:1", false);
    private static final Peer THREE = new Peer(3, "c:1", false);

    @Test
    void aMemberThatNeverStartsKeepsNoOtherOut() {
        List<Peer> declared = List.of(ONE, TWO, THREE);
        assertThat(Members.towards(List.of(ONE), declared, 1, 0)).contains(List.of(ONE, TWO));
        assertThat(Members.towards(List.of(ONE), declared, 1, 1)).contains(List.of(ONE, THREE));
        assertThat(Members.towards(List.of(ONE), declared, 1, 2)).contains(List.of(ONE, TWO));
    }

    @Test
    void whoIsRemovedGoesBeforeAnybodyComes() {
        assertThat(Members.towards(List.of(ONE, TWO), List.of(ONE, THREE), 1, 1))
                .contains(List.of(ONE));
    }
}
