using System.Security.Claims;
using Microsoft.IdentityModel.JsonWebTokens;
using Runner.Engine;
using Runner.Engine.Configuration;
using Runner.Web.Identity;
using Runner.Web.Identity.Provider;

namespace Runner.Tests.Engine.Identity.Provider;

public sealed class ProviderRolesTests
{
    private static readonly OpenIdProviderOptions Options = new()
    {
        Issuer = new Uri("https://id.example"),
        Administrators = new[] { "admins" }.ToEquatableList(),
        Operators = new[] { "ops", "acme/ops" }.ToEquatableList(),
        Viewers = new[] { "staff" }.ToEquatableList(),
    };

    [Theory]
    [InlineData("groups", "groups", "admins", ConsoleRole.Administrator)]
    [InlineData("groups", "groups", """["staff","ops"]""", ConsoleRole.Operator)]
    [InlineData("groups", "groups", "Admins", null)]
    [InlineData("groups", "roles", "admins", null)]
    [InlineData("roles", "roles", """[{"owner":"built-in","name":"admins"}]""", ConsoleRole.Administrator)]
    [InlineData("groups", "groups", """["acme/admins"]""", null)]
    [InlineData("groups", "groups", """["acme/ops"]""", ConsoleRole.Operator)]
    [InlineData("realm_access.roles", "realm_access", """{"roles":["staff"]}""", ConsoleRole.Viewer)]
    [InlineData("realm_access.roles", "realm_access", """{"roles":"ops"}""", ConsoleRole.Operator)]
    [InlineData("realm_access.roles", "realm_access", "{broken", null)]
    [InlineData("https://example/roles", "https://example/roles", "ops", ConsoleRole.Operator)]
    public void The_highest_role_that_a_value_of_the_claim_has(string setting, string claim, string value, ConsoleRole? expected) =>
        Assert.Equal(expected, ProviderRoles.RoleOf(Person((claim, value)), Options with { RoleClaim = setting }));

    [Fact]
    public void A_star_lets_everybody_look_and_a_group_called_star_makes_nobody_more()
    {
        var open = Options with { Viewers = new[] { "*" }.ToEquatableList() };
        Assert.Equal(ConsoleRole.Viewer, ProviderRoles.RoleOf(Person(("sub", "x")), open));
        Assert.Equal(ConsoleRole.Viewer, ProviderRoles.RoleOf(Person(("groups", "*")), open));
        Assert.Null(ProviderRoles.RoleOf(Person(("groups", "*")), Options));
    }

    [Theory]
    [InlineData("RUNNER_OIDC_ISSUER=https://id.example", "RUNNER_OIDC_CLIENT_ID RUNNER_OIDC_VIEWERS")]
    [InlineData("RUNNER_OIDC_CLIENT_ID=x", "RUNNER_OIDC_ISSUER")]
    [InlineData("RUNNER_OIDC_ISSUER=not an address;RUNNER_OIDC_CLIENT_ID=x;RUNNER_OIDC_VIEWERS=*", "RUNNER_OIDC_ISSUER")]
    [InlineData("RUNNER_OIDC_ISSUER=https://id.example;RUNNER_OIDC_CLIENT_ID=x;RUNNER_OIDC_ADMINISTRATORS=*", "RUNNER_OIDC_ADMINISTRATORS")]
    [InlineData("RUNNER_OIDC_ISSUER=https://id.example;RUNNER_OIDC_CLIENT_ID=x;RUNNER_OIDC_VIEWERS=*", "")]
    [InlineData("RUNNER_PATH_BASE=runner", "RUNNER_PATH_BASE")]
    [InlineData("RUNNER_PATH_BASE=/runner/;RUNNER_KEEP_AUDIT_DAYS=30", "")]
    [InlineData("RUNNER_TLS_CERTIFICATE=/etc/tls.crt", "RUNNER_TLS_KEY")]
    [InlineData("RUNNER_KEEP_AUDIT_DAYS=0", "RUNNER_KEEP_AUDIT_DAYS")]
    public void Settings_that_cannot_work_are_told_before_anything_starts(string settings, string wrong)
    {
        var variables = settings.Split(';').Select(setting => setting.Split('=', 2)).ToDictionary(parts => parts[0], parts => (string?)parts[1]);

        var errors = RunnerOptions.Load(variables).Errors;

        Assert.Equal(wrong.Split(' ', StringSplitOptions.RemoveEmptyEntries), errors.Select(error => error.Split('=')[0]));
    }

    private static ClaimsPrincipal Person(params (string Type, string Value)[] claims) =>
        new(new ClaimsIdentity(claims.Select(claim => new Claim(claim.Type, claim.Value, claim.Value is ['[' or '{', ..] ? JsonClaimValueTypes.Json : ClaimValueTypes.String)), "test"));
}
