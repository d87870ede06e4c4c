package dev.kemudi.etcd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dev.kemudi.etcd.proto.AuthDisableRequest;
import dev.kemudi.etcd.proto.AuthEnableRequest;
import dev.kemudi.etcd.proto.AuthGrpc;
import dev.kemudi.etcd.proto.AuthRoleAddRequest;
import dev.kemudi.etcd.proto.AuthRoleDeleteRequest;
import dev.kemudi.etcd.proto.AuthRoleGetRequest;
import dev.kemudi.etcd.proto.AuthRoleGrantPermissionRequest;
import dev.kemudi.etcd.proto.AuthRoleRevokePermissionRequest;
import dev.kemudi.etcd.proto.AuthStatusRequest;
import dev.kemudi.etcd.proto.AuthStatusResponse;
import dev.kemudi.etcd.proto.AuthUserAddRequest;
import dev.kemudi.etcd.proto.AuthUserChangePasswordRequest;
import dev.kemudi.etcd.proto.AuthUserDeleteRequest;
import dev.kemudi.etcd.proto.AuthUserGetRequest;
import dev.kemudi.etcd.proto.AuthUserGrantRoleRequest;
import dev.kemudi.etcd.proto.AuthUserListRequest;
import dev.kemudi.etcd.proto.AuthUserRevokeRoleRequest;
import dev.kemudi.etcd.proto.AuthenticateRequest;
import dev.kemudi.etcd.proto.DeleteRangeRequest;
import dev.kemudi.etcd.proto.HashKVRequest;
import dev.kemudi.etcd.proto.KVGrpc;
import dev.kemudi.etcd.proto.LeaseGrantRequest;
import dev.kemudi.etcd.proto.LeaseGrpc;
import dev.kemudi.etcd.proto.LeaseRevokeRequest;
import dev.kemudi.etcd.proto.LeaseTimeToLiveRequest;
import dev.kemudi.etcd.proto.LockGrpc;
import dev.kemudi.etcd.proto.LockRequest;
import dev.kemudi.etcd.proto.MaintenanceGrpc;
import dev.kemudi.etcd.proto.Permission;
import dev.kemudi.etcd.proto.PutRequest;
import dev.kemudi.etcd.proto.RangeRequest;
import dev.kemudi.etcd.proto.RequestOp;
import dev.kemudi.etcd.proto.TxnRequest;
import dev.kemudi.etcd.proto.WatchCreateRequest;
import dev.kemudi.etcd.proto.WatchGrpc;
import dev.kemudi.etcd.proto.WatchRequest;
import dev.kemudi.etcd.proto.WatchResponse;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AuthTest {
    private Running running;

    @BeforeEach
    void start() throws Exception {
        running = new Running(Running.plain());
    }

    @AfterEach
    void stop() {
        running.close();
    }

    private AuthGrpc.AuthBlockingStub auth() {
        return AuthGrpc.newBlockingStub(running.channel);
    }

    private AuthGrpc.AuthBlockingStub auth(String token) {
        return auth().withInterceptors(Running.token(token));
    }

    private KVGrpc.KVBlockingStub kv() {
        return KVGrpc.newBlockingStub(running.channel);
    }

    private KVGrpc.KVBlockingStub kv(String token) {
        return kv().withInterceptors(Running.token(token));
    }

    private static ByteString bytes(String text) {
        return ByteString.copyFromUtf8(text);
    }

    private static PutRequest put(String key) {
        return PutRequest.newBuilder().setKey(bytes(key)).setValue(bytes("v")).build();
    }

    private static RangeRequest range(String key, String end) {
        return RangeRequest.newBuilder().setKey(bytes(key)).setRangeEnd(bytes(end)).build();
    }

    private static void refused(String message, ThrowingCallable call) {
        assertThatThrownBy(call).hasMessage(message);
    }

    private static AuthRoleGrantPermissionRequest grant(
            String role, Permission.Type type, String key, String end) {
        return AuthRoleGrantPermissionRequest.newBuilder()
                .setName(role)
                .setPerm(
                        Permission.newBuilder()
                                .setPermType(type)
                                .setKey(bytes(key))
                                .setRangeEnd(bytes(end)))
                .build();
    }

    private void user(String name, String password, String role) {
        auth().userAdd(AuthUserAddRequest.newBuilder().setName(name).setPassword(password).build());
        auth().userGrantRole(
                        AuthUserGrantRoleRequest.newBuilder().setUser(name).setRole(role).build());
    }

    /**
     * Root with password "root", and "user" with password "user" who may read [a,c) and write
     * [b,d).
     */
    private void enable() {
        auth().roleAdd(AuthRoleAddRequest.newBuilder().setName("part").build());
        auth().roleGrantPermission(grant("part", Permission.Type.READ, "a", "b"));
        auth().roleGrantPermission(grant("part", Permission.Type.READWRITE, "b", "c"));
        auth().roleGrantPermission(grant("part", Permission.Type.WRITE, "c", "d"));
        user("root", "root", "root");
        user("user", "user", "part");
        auth().authEnable(AuthEnableRequest.getDefaultInstance());
    }

    private String token(String user) {
        return token(user, user);
    }

    private String token(String user, String password) {
        return auth().authenticate(
                        AuthenticateRequest.newBuilder()
                                .setName(user)
                                .setPassword(password)
                                .build())
                .getToken();
    }

    @Test
    void withoutRootNothingIsEnabled() {
        ThrowingCallable enabling = () -> auth().authEnable(AuthEnableRequest.getDefaultInstance());
        refused("FAILED_PRECONDITION: etcdserver: root user does not exist", enabling);
        auth().userAdd(AuthUserAddRequest.newBuilder().setName("root").setPassword("p").build());
        refused("FAILED_PRECONDITION: etcdserver: root user does not have root role", enabling);
        refused(
                "FAILED_PRECONDITION: etcdserver: authentication is not enabled",
                () -> token("root", "p"));
        AuthStatusResponse status = auth().authStatus(AuthStatusRequest.getDefaultInstance());
        assertThat(status.getEnabled()).isFalse();
        assertThat(status.getAuthRevision()).isEqualTo(2);
    }

    @Test
    void accountsAreRefusedWithEtcdsWords() {
        auth().roleAdd(AuthRoleAddRequest.newBuilder().setName("r").build());
        auth().userAdd(AuthUserAddRequest.newBuilder().setName("u").build());
        refused(
                "FAILED_PRECONDITION: etcdserver: role name already exists",
                () -> auth().roleAdd(AuthRoleAddRequest.newBuilder().setName("r").build()));
        refused(
                "INVALID_ARGUMENT: etcdserver: role name is empty",
                () -> auth().roleAdd(AuthRoleAddRequest.getDefaultInstance()));
        refused(
                "FAILED_PRECONDITION: etcdserver: user name already exists",
                () -> auth().userAdd(AuthUserAddRequest.newBuilder().setName("u").build()));
        refused(
                "INVALID_ARGUMENT: etcdserver: user name is empty",
                () -> auth().userAdd(AuthUserAddRequest.getDefaultInstance()));
        refused(
                "FAILED_PRECONDITION: etcdserver: user name not found",
                () -> auth().userGet(AuthUserGetRequest.newBuilder().setName("x").build()));
        refused(
                "FAILED_PRECONDITION: etcdserver: role name not found",
                () ->
                        auth().userGrantRole(
                                        AuthUserGrantRoleRequest.newBuilder()
                                                .setUser("u")
                                                .setRole("x")
                                                .build()));
        refused(
                "FAILED_PRECONDITION: etcdserver: role is not granted to the user",
                () ->
                        auth().userRevokeRole(
                                        AuthUserRevokeRoleRequest.newBuilder()
                                                .setName("u")
                                                .setRole("r")
                                                .build()));
        refused(
                "FAILED_PRECONDITION: etcdserver: permission is not granted to the role",
                () ->
                        auth().roleRevokePermission(
                                        AuthRoleRevokePermissionRequest.newBuilder()
                                                .setRole("r")
                                                .setKey(bytes("k"))
                                                .build()));
        refused(
                "INVALID_ARGUMENT: etcdserver: invalid auth management",
                () -> auth().roleGrantPermission(grant("r", Permission.Type.READ, "b", "a")));
    }

    @Test
    void keysAreReadAndWrittenByThoseWhoMay() {
        enable();
        refused("INVALID_ARGUMENT: etcdserver: user name is empty", () -> kv().put(put("b")));
        refused(
                "UNAUTHENTICATED: etcdserver: invalid auth token",
                () -> kv("made.up").put(put("b")));
        refused(
                "INVALID_ARGUMENT: etcdserver: authentication failed, invalid user ID or password",
                () -> token("user", "guess"));
        String user = token("user");
        String denied = "PERMISSION_DENIED: etcdserver: permission denied";
        kv(user).put(put("b"));
        kv(user).put(put("c"));
        refused(denied, () -> kv(user).put(put("a")));
        // Two permissions that touch hold a range together; beyond them it is not.
        assertThat(kv(user).range(range("a", "c")).getCount()).isEqualTo(1);
        refused(denied, () -> kv(user).range(range("a", "d")));
        refused(denied, () -> kv(user).range(range("a", "\0")));
        refused(denied, () -> kv(user).put(put("c").toBuilder().setPrevKv(true).build()));
        refused(
                denied,
                () ->
                        kv(user).deleteRange(
                                        DeleteRangeRequest.newBuilder()
                                                .setKey(bytes("b"))
                                                .setRangeEnd(bytes("e"))
                                                .build()));
        TxnRequest inner =
                TxnRequest.newBuilder()
                        .addFailure(RequestOp.newBuilder().setRequestPut(put("a")))
                        .build();
        refused(
                denied,
                () ->
                        kv(user).txn(
                                        TxnRequest.newBuilder()
                                                .addSuccess(
                                                        RequestOp.newBuilder().setRequestTxn(inner))
                                                .build()));
        kv(token("root")).put(put("a"));
    }

    @Test
    void onlyAdministratorsAdminister() {
        enable();
        String user = token("user");
        String denied = "PERMISSION_DENIED: etcdserver: permission denied";
        refused(
                "INVALID_ARGUMENT: etcdserver: user name is empty",
                () -> auth().authDisable(AuthDisableRequest.getDefaultInstance()));
        refused(denied, () -> auth(user).userList(AuthUserListRequest.getDefaultInstance()));
        refused(
                denied,
                () -> auth(user).userGet(AuthUserGetRequest.newBuilder().setName("root").build()));
        assertThat(
                        auth(user)
                                .userGet(AuthUserGetRequest.newBuilder().setName("user").build())
                                .getRolesList())
                .containsExactly("part");
        assertThat(
                        auth(user)
                                .roleGet(AuthRoleGetRequest.newBuilder().setRole("part").build())
                                .getPermList())
                .hasSize(3);
        refused(
                denied,
                () ->
                        MaintenanceGrpc.newBlockingStub(running.channel)
                                .withInterceptors(Running.token(user))
                                .hashKV(HashKVRequest.getDefaultInstance()));
        String root = token("root");
        refused(
                "INVALID_ARGUMENT: etcdserver: invalid auth management",
                () ->
                        auth(root)
                                .userDelete(
                                        AuthUserDeleteRequest.newBuilder()
                                                .setName("root")
                                                .build()));
        assertThat(auth(root).userList(AuthUserListRequest.getDefaultInstance()).getUsersList())
                .containsExactly("root", "user");
        auth(root).authDisable(AuthDisableRequest.getDefaultInstance());
        kv().put(put("a"));
    }

    @Test
    void aTokenEndsWithItsPasswordAndWithItsUser() {
        enable();
        String root = token("root");
        String user = token("user");
        auth(root)
                .userChangePassword(
                        AuthUserChangePasswordRequest.newBuilder()
                                .setName("user")
                                .setPassword("other")
                                .build());
        refused("UNAUTHENTICATED: etcdserver: invalid auth token", () -> kv(user).put(put("b")));
        String fresh = token("user", "other");
        kv(fresh).put(put("b"));
        auth(root).userDelete(AuthUserDeleteRequest.newBuilder().setName("user").build());
        refused("UNAUTHENTICATED: etcdserver: invalid auth token", () -> kv(fresh).put(put("b")));
    }

    @Test
    void whoLosesARoleLosesItsKeysAtOnce() {
        enable();
        String user = token("user");
        kv(user).put(put("b"));
        auth(token("root")).roleDelete(AuthRoleDeleteRequest.newBuilder().setRole("part").build());
        refused("PERMISSION_DENIED: etcdserver: permission denied", () -> kv(user).put(put("b")));
    }

    @Test
    void aWatchOfWhatMayNotBeReadIsCancelledWithTheReason() {
        enable();
        List<WatchResponse> told = Collections.synchronizedList(new ArrayList<>());
        StreamObserver<WatchRequest> watch =
                WatchGrpc.newStub(running.channel)
                        .withInterceptors(Running.token(token("user")))
                        .watch(new Collecting<>(told));
        for (String key : List.of("b", "x")) {
            watch.onNext(
                    WatchRequest.newBuilder()
                            .setCreateRequest(WatchCreateRequest.newBuilder().setKey(bytes(key)))
                            .build());
        }
        Eventually.eventually(() -> assertThat(told).hasSize(2));
        assertThat(told.getFirst().getCanceled()).isFalse();
        assertThat(told.getLast().getCanceled()).isTrue();
        assertThat(told.getLast().getCancelReason())
                .isEqualTo(
                        "rpc error: code = PermissionDenied desc = etcdserver: permission denied");
        watch.onCompleted();
    }

    @Test
    void leasesAndLocksAskForTheirKeys() {
        enable();
        String root = token("root");
        String user = token("user");
        LeaseGrpc.LeaseBlockingStub leases = LeaseGrpc.newBlockingStub(running.channel);
        long id = leases.leaseGrant(LeaseGrantRequest.newBuilder().setTTL(100).build()).getID();
        kv(root).put(put("x").toBuilder().setLease(id).build());
        LeaseGrpc.LeaseBlockingStub users = leases.withInterceptors(Running.token(user));
        String denied = "PERMISSION_DENIED: etcdserver: permission denied";
        refused(denied, () -> kv(user).put(put("b").toBuilder().setLease(id).build()));
        refused(denied, () -> users.leaseRevoke(LeaseRevokeRequest.newBuilder().setID(id).build()));
        refused(
                denied,
                () ->
                        users.leaseTimeToLive(
                                LeaseTimeToLiveRequest.newBuilder()
                                        .setID(id)
                                        .setKeys(true)
                                        .build()));
        LockGrpc.LockBlockingStub locks =
                LockGrpc.newBlockingStub(running.channel).withInterceptors(Running.token(user));
        refused(denied, () -> locks.lock(LockRequest.newBuilder().setName(bytes("x")).build()));
        assertThat(
                        locks.lock(LockRequest.newBuilder().setName(bytes("b")).build())
                                .getKey()
                                .toStringUtf8())
                .startsWith("b/");
    }

    @Test
    void theGatewayTakesTheTokenFromTheAuthorizationHeader() throws Exception {
        enable();
        assertThat(running.post("/v3/kv/range", "{\"key\":\"Yg==\"}").statusCode()).isEqualTo(400);
        String body =
                running.post("/v3/auth/authenticate", "{\"name\":\"user\",\"password\":\"user\"}")
                        .body();
        String token = body.replaceAll(".*\"token\":\"([^\"]+)\".*", "$1");
        assertThat(
                        running.post("/v3/kv/range", "{\"key\":\"Yg==\"}", "Authorization", token)
                                .statusCode())
                .isEqualTo(200);
        assertThat(
                        running.post("/v3/kv/range", "{\"key\":\"eA==\"}", "Authorization", token)
                                .statusCode())
                .isEqualTo(403);
    }

    @Test
    void aSignedTokenIsVoidOnceAccountsChange(@TempDir Path directory) throws Exception {
        stop();
        running = new Running(Running.plain().withAccounts(jwt(directory, "")));
        enable();
        String root = token("root");
        String user = token("user");
        assertThat(user.split("\\.")).hasSize(3);
        kv(user).put(put("b"));
        auth(root).roleAdd(AuthRoleAddRequest.newBuilder().setName("more").build());
        refused(
                "INVALID_ARGUMENT: etcdserver: revision of auth store is old",
                () -> kv(user).put(put("b")));
        kv(token("user")).put(put("b"));
        String forged = user.substring(0, user.lastIndexOf('.')) + ".AAAA";
        refused("UNAUTHENTICATED: etcdserver: invalid auth token", () -> kv(forged).put(put("b")));
    }

    private static Config.Accounts jwt(Path directory, String more) throws IOException {
        Path secret = Files.writeString(directory.resolve("secret"), "not so secret");
        return new Config.Accounts("jwt,sign-method=HS256,priv-key=" + secret + more, 300, 4);
    }

    @Test
    void aSignedTokenExpires(@TempDir Path directory) throws Exception {
        stop();
        running = new Running(Running.plain().withAccounts(jwt(directory, ",ttl=1ms")));
        enable();
        String user = token("user");
        Eventually.eventually(() ->
                refused(
                        "UNAUTHENTICATED: etcdserver: invalid auth token",
                        () -> kv(user).put(put("b"))));
    }

    @Test
    void aSimpleTokenLivesWhileItIsUsed() {
        long[] now = {0};
        SimpleTokens tokens = new SimpleTokens(new FixedTime(now), 1_000, 10);
        enable();
        Accounts accounts = Accounts.of(running.store.area(Accounts.AREA));
        String token = tokens.issue("user", accounts);
        for (int i = 0; i < 5; i++) {
            now[0] += 900;
            assertThat(tokens.verify(token, accounts)).isPresent();
        }
        now[0] += 1_001;
        assertThat(tokens.verify(token, accounts)).isEmpty();
    }

    @Test
    void clientsOfOtherLanguagesReadTheHash() {
        Passwords passwords = new Passwords(4, 1);
        ByteString hash = passwords.hash("secret");
        assertThat(hash.toStringUtf8()).startsWith("$2a$04$");
        assertThat(passwords.matches("secret", hash)).isTrue();
        assertThat(passwords.matches("Secret", hash)).isFalse();
        assertThat(passwords.matches("", passwords.hash(""))).isTrue();
        assertThatThrownBy(() -> passwords.hash("x".repeat(73)))
                .hasMessageContaining("exceeds 72 bytes");
    }
}
