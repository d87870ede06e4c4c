package dev.kemudi.etcd;

import com.google.protobuf.ByteString;
import dev.kemudi.etcd.proto.AuthDisableRequest;
import dev.kemudi.etcd.proto.AuthDisableResponse;
import dev.kemudi.etcd.proto.AuthEnableRequest;
import dev.kemudi.etcd.proto.AuthEnableResponse;
import dev.kemudi.etcd.proto.AuthGrpc;
import dev.kemudi.etcd.proto.AuthRoleAddRequest;
import dev.kemudi.etcd.proto.AuthRoleAddResponse;
import dev.kemudi.etcd.proto.AuthRoleDeleteRequest;
import dev.kemudi.etcd.proto.AuthRoleDeleteResponse;
import dev.kemudi.etcd.proto.AuthRoleGetRequest;
import dev.kemudi.etcd.proto.AuthRoleGetResponse;
import dev.kemudi.etcd.proto.AuthRoleGrantPermissionRequest;
import dev.kemudi.etcd.proto.AuthRoleGrantPermissionResponse;
import dev.kemudi.etcd.proto.AuthRoleListRequest;
import dev.kemudi.etcd.proto.AuthRoleListResponse;
import dev.kemudi.etcd.proto.AuthRoleRevokePermissionRequest;
import dev.kemudi.etcd.proto.AuthRoleRevokePermissionResponse;
import dev.kemudi.etcd.proto.AuthStatusRequest;
import dev.kemudi.etcd.proto.AuthStatusResponse;
import dev.kemudi.etcd.proto.AuthUserAddRequest;
import dev.kemudi.etcd.proto.AuthUserAddResponse;
import dev.kemudi.etcd.proto.AuthUserChangePasswordRequest;
import dev.kemudi.etcd.proto.AuthUserChangePasswordResponse;
import dev.kemudi.etcd.proto.AuthUserDeleteRequest;
import dev.kemudi.etcd.proto.AuthUserDeleteResponse;
import dev.kemudi.etcd.proto.AuthUserGetRequest;
import dev.kemudi.etcd.proto.AuthUserGetResponse;
import dev.kemudi.etcd.proto.AuthUserGrantRoleRequest;
import dev.kemudi.etcd.proto.AuthUserGrantRoleResponse;
import dev.kemudi.etcd.proto.AuthUserListRequest;
import dev.kemudi.etcd.proto.AuthUserListResponse;
import dev.kemudi.etcd.proto.AuthUserRevokeRoleRequest;
import dev.kemudi.etcd.proto.AuthUserRevokeRoleResponse;
import dev.kemudi.etcd.proto.AuthenticateRequest;
import dev.kemudi.etcd.proto.AuthenticateResponse;
import dev.kemudi.etcd.proto.ResponseHeader;
import dev.kemudi.etcd.proto.User;
import dev.kemudi.store.Store;
import io.grpc.stub.StreamObserver;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * Users, roles and who may change them. What a change is, {@link AccountEdits} says; here it is
 * permitted, made and answered.
 */
final class AuthService extends AuthGrpc.AuthImplBase {
    private final Store store;
    private final Member member;
    private final Guard guard;
    private final Tokens tokens;
    private final Passwords passwords;
    private final AccountEdits edits;

    AuthService(Store store, Member member, Guard guard, Tokens tokens, Passwords passwords) {
        this.store = store;
        this.member = member;
        this.guard = guard;
        this.tokens = tokens;
        this.passwords = passwords;
        this.edits = new AccountEdits(store, guard);
    }

    private ResponseHeader header() {
        return member.header(store.revision());
    }

    /** Makes a change as an administrator and answers with a head alone. */
    private <A> void change(
            StreamObserver<A> observer,
            AccountEdits.Edit edit,
            Function<ResponseHeader, A> response) {
        Unary.answer(
                observer,
                () -> {
                    edits.make(Credential.current(), edit);
                    return response.apply(header());
                });
    }

    /** Answers a question upon accounts that are not behind. */
    private <A> void ask(StreamObserver<A> observer, Function<Accounts, A> answer) {
        Unary.answer(
                observer,
                () -> {
                    Errors.await(store.readBarrier());
                    return answer.apply(guard.accounts());
                });
    }

    @Override
    public void authEnable(AuthEnableRequest request, StreamObserver<AuthEnableResponse> observer) {
        change(
                observer,
                AccountEdits.enable(),
                head -> AuthEnableResponse.newBuilder().setHeader(head).build());
    }

    @Override
    public void authDisable(
            AuthDisableRequest request, StreamObserver<AuthDisableResponse> observer) {
        change(
                observer,
                AccountEdits.disable(),
                head -> AuthDisableResponse.newBuilder().setHeader(head).build());
    }

    @Override
    public void authStatus(AuthStatusRequest request, StreamObserver<AuthStatusResponse> observer) {
        ask(
                observer,
                now ->
                        AuthStatusResponse.newBuilder()
                                .setHeader(header())
                                .setEnabled(now.enabled())
                                .setAuthRevision(now.revision())
                                .build());
    }

    @Override
    public void authenticate(
            AuthenticateRequest request, StreamObserver<AuthenticateResponse> observer) {
        ask(
                observer,
                now -> {
                    if (!now.enabled()) {
                        throw Errors.AUTH_NOT_ENABLED.asRuntimeException();
                    }
                    User user =
                            now.user(request.getName())
                                    .orElseThrow(Errors.AUTH_FAILED::asRuntimeException);
                    if (user.getOptions().getNoPassword()) {
                        throw Errors.NO_PASSWORD_USER.asRuntimeException();
                    }
                    if (!passwords.matches(request.getPassword(), user.getPassword())) {
                        throw Errors.AUTH_FAILED.asRuntimeException();
                    }
                    return AuthenticateResponse.newBuilder()
                            .setHeader(header())
                            .setToken(tokens.issue(request.getName(), now))
                            .build();
                });
    }

    @Override
    public void userAdd(AuthUserAddRequest request, StreamObserver<AuthUserAddResponse> observer) {
        Unary.answer(
                observer,
                () -> {
                    // Hashing is dear: only for those who may.
                    guard.admin(Credential.current());
                    ByteString hash =
                            request.getOptions().getNoPassword()
                                    ? ByteString.EMPTY
                                    : passwords.hash(request.getPassword());
                    edits.make(
                            Credential.current(),
                            AccountEdits.addUser(request.getName(), hash, request.getOptions()));
                    return AuthUserAddResponse.newBuilder().setHeader(header()).build();
                });
    }

    @Override
    public void userChangePassword(
            AuthUserChangePasswordRequest request,
            StreamObserver<AuthUserChangePasswordResponse> observer) {
        Unary.answer(
                observer,
                () -> {
                    guard.admin(Credential.current());
                    edits.make(
                            Credential.current(),
                            AccountEdits.changePassword(
                                    request.getName(), passwords.hash(request.getPassword())));
                    return AuthUserChangePasswordResponse.newBuilder().setHeader(header()).build();
                });
    }

    @Override
    public void userGet(AuthUserGetRequest request, StreamObserver<AuthUserGetResponse> observer) {
        Credential who = Credential.current();
        ask(
                observer,
                now -> {
                    own(who, now, user -> user.equals(request.getName()));
                    return AuthUserGetResponse.newBuilder()
                            .setHeader(header())
                            .addAllRoles(
                                    now.user(request.getName())
                                            .orElseThrow(Errors.USER_NOT_FOUND::asRuntimeException)
                                            .getRolesList())
                            .build();
                });
    }

    /** Administrators may see everything, others what is theirs. */
    private void own(Credential who, Accounts now, Predicate<String> theirs) {
        if (now.enabled() && !theirs.test(guard.identify(who).user())) {
            guard.admin(who);
        }
    }

    @Override
    public void userList(
            AuthUserListRequest request, StreamObserver<AuthUserListResponse> observer) {
        Credential who = Credential.current();
        ask(
                observer,
                now -> {
                    guard.admin(who);
                    return AuthUserListResponse.newBuilder()
                            .setHeader(header())
                            .addAllUsers(now.users().keySet())
                            .build();
                });
    }

    @Override
    public void userDelete(
            AuthUserDeleteRequest request, StreamObserver<AuthUserDeleteResponse> observer) {
        change(
                observer,
                AccountEdits.deleteUser(request.getName()),
                head -> AuthUserDeleteResponse.newBuilder().setHeader(head).build());
    }

    @Override
    public void userGrantRole(
            AuthUserGrantRoleRequest request, StreamObserver<AuthUserGrantRoleResponse> observer) {
        change(
                observer,
                AccountEdits.grantRole(request.getUser(), request.getRole()),
                head -> AuthUserGrantRoleResponse.newBuilder().setHeader(head).build());
    }

    @Override
    public void userRevokeRole(
            AuthUserRevokeRoleRequest request,
            StreamObserver<AuthUserRevokeRoleResponse> observer) {
        change(
                observer,
                AccountEdits.revokeRole(request.getName(), request.getRole()),
                head -> AuthUserRevokeRoleResponse.newBuilder().setHeader(head).build());
    }

    @Override
    public void roleAdd(AuthRoleAddRequest request, StreamObserver<AuthRoleAddResponse> observer) {
        change(
                observer,
                AccountEdits.addRole(request.getName()),
                head -> AuthRoleAddResponse.newBuilder().setHeader(head).build());
    }

    @Override
    public void roleGet(AuthRoleGetRequest request, StreamObserver<AuthRoleGetResponse> observer) {
        Credential who = Credential.current();
        ask(
                observer,
                now -> {
                    own(who, now, user -> now.hasRole(user, request.getRole()));
                    return AuthRoleGetResponse.newBuilder()
                            .setHeader(header())
                            .addAllPerm(
                                    now.role(request.getRole())
                                            .orElseThrow(Errors.ROLE_NOT_FOUND::asRuntimeException)
                                            .getKeyPermissionList())
                            .build();
                });
    }

    @Override
    public void roleList(
            AuthRoleListRequest request, StreamObserver<AuthRoleListResponse> observer) {
        Credential who = Credential.current();
        ask(
                observer,
                now -> {
                    guard.admin(who);
                    return AuthRoleListResponse.newBuilder()
                            .setHeader(header())
                            .addAllRoles(now.roles().keySet())
                            .build();
                });
    }

    @Override
    public void roleDelete(
            AuthRoleDeleteRequest request, StreamObserver<AuthRoleDeleteResponse> observer) {
        change(
                observer,
                AccountEdits.deleteRole(request.getRole()),
                head -> AuthRoleDeleteResponse.newBuilder().setHeader(head).build());
    }

    @Override
    public void roleGrantPermission(
            AuthRoleGrantPermissionRequest request,
            StreamObserver<AuthRoleGrantPermissionResponse> observer) {
        AccountEdits.Edit edit =
                request.hasPerm()
                        ? AccountEdits.grant(request.getName(), request.getPerm())
                        : _ -> {
                            throw Errors.PERMISSION_NOT_GIVEN.asRuntimeException();
                        };
        change(
                observer,
                edit,
                head -> AuthRoleGrantPermissionResponse.newBuilder().setHeader(head).build());
    }

    @Override
    public void roleRevokePermission(
            AuthRoleRevokePermissionRequest request,
            StreamObserver<AuthRoleRevokePermissionResponse> observer) {
        change(
                observer,
                AccountEdits.revoke(request.getRole(), request.getKey(), request.getRangeEnd()),
                head -> AuthRoleRevokePermissionResponse.newBuilder().setHeader(head).build());
    }
}
