namespace Runner.Engine.Configuration;

public sealed partial record RunnerOptions
{
    /// <summary><c>RUNNER_PATH_BASE</c>: path under which everything is served, as in <c>/runner</c>; empty for the root. A proxy in front must not strip it.</summary>
    public string PathBase { get; init; } = "";

    public OpenIdProviderOptions OpenIdProvider { get; init; } = new();

    public TlsOptions Tls { get; init; } = new();

    private static string ReadPathBase(EnvironmentReader read) => read.Parse(
        "RUNNER_PATH_BASE", "", "a path such as /runner, of letters, digits, - . _ ~ and /",
        (string text, out string value) =>
        {
            value = text.TrimEnd('/');
            return value.Length == 0
                || (value.StartsWith('/') && !value.Contains("//", StringComparison.Ordinal) && value.All(character => char.IsAsciiLetterOrDigit(character) || "-._~/".Contains(character)));
        });

    private static TlsOptions ReadTls(EnvironmentReader read)
    {
        const string Certificate = "RUNNER_TLS_CERTIFICATE";
        const string Key = "RUNNER_TLS_KEY";
        var tls = new TlsOptions { CertificatePath = read.Text("", Certificate), KeyPath = read.Text("", Key) };
        if (tls.CertificatePath.Length > 0 != tls.KeyPath.Length > 0)
        {
            var missing = tls.KeyPath.Length == 0 ? Key : Certificate;
            read.Fail(missing, "", $"must be set too: {Certificate} and {Key} go together");
        }

        return tls;
    }

    private static OpenIdProviderOptions ReadOpenIdProvider(EnvironmentReader read)
    {
        const string Issuer = "RUNNER_OIDC_ISSUER";
        const string Client = "RUNNER_OIDC_CLIENT_ID";
        var provider = new OpenIdProviderOptions
        {
            Issuer = read.Address(Issuer),
            ClientId = read.Text("", Client),
            ClientSecret = read.Text("", "RUNNER_OIDC_CLIENT_SECRET"),
            Name = read.Text("OpenID Connect", "RUNNER_OIDC_NAME"),
            Scopes = read.Text("profile email", "RUNNER_OIDC_SCOPES").Split([' ', ','], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
                .Where(scope => scope != "openid").Distinct().ToEquatableList(),
            RoleClaim = read.Text("groups", "RUNNER_OIDC_ROLE_CLAIM"),
            NameClaim = read.Text("preferred_username", "RUNNER_OIDC_NAME_CLAIM"),
            Administrators = read.List("RUNNER_OIDC_ADMINISTRATORS", ','),
            Operators = read.List("RUNNER_OIDC_OPERATORS", ','),
            Viewers = read.List("RUNNER_OIDC_VIEWERS", ','),
        };
        if (provider.Issuer is null)
        {
            // Only where the address itself is missing: one that is not valid has been told already.
            if (provider.ClientId.Length > 0 && read.Find(Issuer).Value is null)
            {
                read.Fail(Issuer, "", $"must be set while {Client} is: the provider's issuer, such as https://casdoor.example.com");
            }

            return provider;
        }

        if (provider.ClientId.Length == 0)
        {
            read.Fail(Client, "", $"must be set while {Issuer} is: the id under which the provider knows this console");
        }

        if (provider is { Administrators.Count: 0, Operators.Count: 0, Viewers.Count: 0 })
        {
            read.Fail("RUNNER_OIDC_VIEWERS", "", "one of RUNNER_OIDC_ADMINISTRATORS, RUNNER_OIDC_OPERATORS and RUNNER_OIDC_VIEWERS must be set, or nobody gets in; * lets everybody look");
        }

        if (provider.Administrators.Concat(provider.Operators).Contains("*"))
        {
            read.Fail("RUNNER_OIDC_ADMINISTRATORS", "*", "everybody cannot be an administrator or operator; * is for RUNNER_OIDC_VIEWERS only");
        }

        return provider;
    }
}
