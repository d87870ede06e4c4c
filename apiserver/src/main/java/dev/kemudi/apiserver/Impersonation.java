package dev.kemudi.apiserver;

import dev.kemudi.api.ApiException;
import dev.kemudi.api.Status;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Pattern;

/**
 * Acting as somebody else ({@code kubectl --as}), for whoever may. Source: Kubernetes
 * documentation, "User impersonation".
 */
final class Impersonation {
    private static final Pattern LIST = Pattern.compile("\\s*,\\s*");

    private final Rbac rbac;

    Impersonation(Rbac rbac) {
        this.rbac = rbac;
    }

    /**
     * Who a request with these headers is to be taken for.
     *
     * @throws ApiException 403 when {@code user} may not act as them, 400 when groups come without
     *     a user
     */
    User of(Function<String, Optional<String>> header, User user) {
        Optional<String> wanted = header.apply("Impersonate-User").filter(name -> !name.isEmpty());
        List<String> groups =
                header.apply("Impersonate-Group").map(LIST::split).map(List::of).orElse(List.of());
        if (wanted.isEmpty()) {
            if (!groups.isEmpty()) {
                throw new ApiException(
                        Status.badRequest(
                                "requested groups "
                                        + groups
                                        + " without impersonating a user: Impersonate-User is missing"));
            }
            return user;
        }
        String name = wanted.get();
        List<String> account = List.of(name.split(":", -1));
        boolean serviceAccount =
                account.size() == 4
                        && name.equals(User.serviceAccountName(account.get(2), account.get(3)));
        rbac.require(
                serviceAccount
                        ? access(user, "serviceaccounts", account.get(2), account.get(3))
                        : access(user, "users", "", name));
        for (String group : groups) {
            rbac.require(access(user, "groups", "", group));
        }
        return User.named(name, groups);
    }

    private static Access access(User user, String plural, String namespace, String name) {
        return new Access(user, "impersonate", "", plural, "", namespace, name, "");
    }
}
