package dev.kemudi.etcd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kemudi.etcd.proto.AuthEnableRequest;
import dev.kemudi.etcd.proto.AuthGrpc;
import dev.kemudi.etcd.proto.AuthUserAddRequest;
import dev.kemudi.etcd.proto.AuthUserGrantRoleRequest;
import dev.kemudi.kernel.TimeSource;
import dev.kemudi.store.Answer;
import dev.kemudi.store.Bytes;
import dev.kemudi.store.KeyRange;
import dev.kemudi.store.Op;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Two nodes of one store: the server here, and a guard that hears of accounts when it is told. */
class GuardTest {
    private static final Op WRITE = Op.Put.of(Bytes.utf8("k"), Bytes.utf8("v"));
    private Running running;
    private Guard lagging;

    @BeforeEach
    void start() throws Exception {
        running = new Running(Running.plain());
        lagging =
                new Guard(
                        running.store,
                        TokenKinds.of(
                                Config.Accounts.DEFAULT, Limits.defaults(), TimeSource.system()),
                        false,
                        new Alarms(running.store, 0));
    }

    @AfterEach
    void stop() {
        running.close();
    }

    private void enable() {
        AuthGrpc.AuthBlockingStub auth = AuthGrpc.newBlockingStub(running.channel);
        auth.userAdd(AuthUserAddRequest.newBuilder().setName("root").setPassword("root").build());
        auth.userGrantRole(
                AuthUserGrantRoleRequest.newBuilder().setUser("root").setRole("root").build());
        auth.authEnable(AuthEnableRequest.getDefaultInstance());
    }

    private Answer write(Op op) {
        return lagging.write(Credential.NONE, op, 1).join();
    }

    private long keys() {
        Op.Range all = Op.Range.of(KeyRange.prefix(Bytes.utf8("k")));
        return ((Answer.Ranged) running.store.range(all)).count();
    }

    @Test
    void aNodeThatHasNotHeardOfTheFirstAccountsLetsNobodyWrite() {
        enable();
        for (Op op : List.of(WRITE, new Op.Txn(List.of(), List.of(WRITE), List.of()))) {
            assertThat(write(op))
                    .isInstanceOfSatisfying(
                            Answer.Refused.class,
                            refused ->
                                    assertThat(refused.reason())
                                            .isEqualTo(Answer.Reason.GUARD_STALE));
        }
        assertThat(keys()).isZero();
    }

    @Test
    void aWriteThatWasPermittedBeforeItsNodeHeardIsAskedAgain() {
        enable();
        lagging.changed(running.store.area(Accounts.AREA));
        assertThatThrownBy(() -> write(WRITE)).hasMessageContaining("user name is empty");
        assertThat(keys()).isZero();
    }

    @Test
    void whereNobodyEverHadAnAccountEverybodyWrites() {
        assertThat(write(WRITE)).isInstanceOf(Answer.Put.class);
        assertThat(keys()).isEqualTo(1);
    }
}
