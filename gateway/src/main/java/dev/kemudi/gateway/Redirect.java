package dev.kemudi.gateway;

/**
 * A compiled RequestRedirect filter.
 *
 * @param scheme empty for the request's
 * @param host empty for the request's
 * @param port 0 for the scheme's own when a scheme is given, else the one the client used
 */
record Redirect(String scheme, String host, int port, PathEdit path, int status) {

    String location(Request request, int prefix) {
        String target = host.isEmpty() ? request.host : host;
        String where = (scheme.isEmpty() ? "http" : scheme) + "://" + target + port(request);
        String changed = PathEdit.apply(path, request.path, prefix);
        return where + changed + (request.hasQuery ? "?" + request.query : "");
    }

    private String port(Request request) {
        if (port != 0) {
            boolean own =
                    (port == 80 && !scheme.equals("https"))
                            || (port == 443 && scheme.equals("https"));
            return own ? "" : ":" + port;
        }
        if (!scheme.isEmpty()) {
            return "";
        }
        int colon = request.authority.lastIndexOf(':');
        return colon > request.authority.lastIndexOf(']') ? request.authority.substring(colon) : "";
    }
}
