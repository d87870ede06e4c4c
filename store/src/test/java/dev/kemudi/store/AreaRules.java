package dev.kemudi.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Areas and guards, whatever lies beneath. */
abstract class AreaRules {
    final ManualTime time = new ManualTime();
    Store store;

    abstract Store open(Limits limits, ManualTime time, PrometheusRegistry registry);

    @BeforeEach
    void start() {
        store = open(Limits.defaults(), time, new PrometheusRegistry());
    }

    @AfterEach
    void stop() {
        store.close();
    }

    static Bytes b(String text) {
        return Bytes.utf8(text);
    }

    Answer change(String area, long expected, String key, String value) {
        return store.change(new AreaChange(area, expected, Map.of(b(key), Optional.of(b(value)))))
                .join();
    }

    @Test
    void anAreaIsEmptyUntilItIsChangedAndEachChangeCounts() {
        assertThat(store.area("auth")).isEqualTo(new Area("auth", 0, new java.util.TreeMap<>()));
        assertThat(change("auth", 0, "user", "1")).isEqualTo(new Answer.AreaChanged(1, 1));
        assertThat(change("auth", 1, "role", "2")).isEqualTo(new Answer.AreaChanged(1, 2));
        assertThat(store.area("auth").rows())
                .containsExactly(Map.entry(b("role"), b("2")), Map.entry(b("user"), b("1")));
        store.change(new AreaChange("auth", 2, Map.of(b("user"), Optional.empty()))).join();
        assertThat(store.area("auth").revision()).isEqualTo(3);
        assertThat(store.area("auth").rows()).containsOnlyKeys(b("role"));
        assertThat(store.revision()).as("keys have their own count").isEqualTo(1);
    }

    @Test
    void aChangeMadeFromAnOlderStateIsRefused() {
        change("auth", 0, "user", "1");
        assertThat(change("auth", 0, "user", "2"))
                .isEqualTo(new Answer.Refused(Answer.Reason.GUARD_STALE, 1));
        assertThat(change("auth", 9, "user", "2"))
                .isEqualTo(new Answer.Refused(Answer.Reason.GUARD_STALE, 1));
        assertThat(store.area("auth").rows()).containsEntry(b("user"), b("1"));
    }

    @Test
    void areasWithLikeNamesDoNotSeeEachOthersRows() {
        change("a", 0, "k", "of a");
        change("ab", 0, "k", "of ab");
        change("a.b", 0, "", "of a.b");
        assertThat(store.area("a").rows()).containsExactly(Map.entry(b("k"), b("of a")));
        assertThat(store.area("ab").rows()).containsExactly(Map.entry(b("k"), b("of ab")));
        assertThat(store.area("a.b").rows()).containsExactly(Map.entry(b(""), b("of a.b")));
        assertThatThrownBy(() -> change("A b", 0, "k", "v"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("got 'A b'");
    }

    @Test
    void aGuardedWriteIsRefusedOnceTheAreaMovedOn() {
        change("auth", 0, "user", "1");
        Origin permitted = new Origin("", "auth", 1);
        Op.Put put = Op.Put.of(b("k"), b("v"));
        assertThat(store.write(put, permitted).join()).isInstanceOf(Answer.Put.class);
        change("auth", 1, "user", "2");
        assertThat(store.write(put, permitted).join())
                .isEqualTo(new Answer.Refused(Answer.Reason.GUARD_STALE, 2));
        Op.Txn read =
                new Op.Txn(List.of(), List.of(Op.Range.of(KeyRange.single(b("k")))), List.of());
        assertThat(store.write(read, permitted).join())
                .isEqualTo(new Answer.Refused(Answer.Reason.GUARD_STALE, 2));
        assertThat(store.write(read, new Origin("", "auth", 2)).join())
                .isInstanceOf(Answer.Txn.class);
        assertThat(store.revision()).isEqualTo(2);
    }

    @Test
    void aListenerIsToldTheStateOfNowAndEachChangeInOrder() {
        change("auth", 0, "user", "1");
        List<Long> told = new ArrayList<>();
        store.onChange("auth", area -> told.add(area.revision()));
        change("other", 0, "user", "1");
        change("auth", 1, "user", "2");
        change("auth", 2, "user", "3");
        assertThat(told).containsExactly(1L, 2L, 3L);
    }

    @Test
    void anAreaHasALimit() {
        Map<Bytes, Optional<Bytes>> rows = new HashMap<>();
        rows.put(b("a"), Optional.of(Bytes.of(new byte[3_000_000])));
        assertThat(store.change(new AreaChange("auth", 0, rows)).join())
                .isInstanceOf(Answer.AreaChanged.class);
        rows.put(b("b"), rows.remove(b("a")));
        store.change(new AreaChange("auth", 1, rows)).join();
        rows.put(b("c"), rows.remove(b("b")));
        assertThat(store.change(new AreaChange("auth", 2, rows)).join())
                .isEqualTo(new Answer.Refused(Answer.Reason.TOO_LARGE, 1));
    }
}
