using System.Reflection;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.Extensions.DependencyInjection;
using Runner.Engine.Diagnostics;
using Runner.Engine.Diagnostics.Installation;
using Runner.Engine.ObjectStore;
using Runner.Engine.Registry;
using Runner.Engine.Workloads;
using Runner.Engine.Workloads.Services;
using Runner.Tests.Engine.Host;
using Runner.Web;
using Runner.Web.Identity;
using Runner.Web.Identity.Access;
using Runner.Web.Identity.Sessions;
using Runner.Web.Identity.Users;
using Runner.Web.Live;

namespace Runner.Tests.Engine.Identity;

/// <summary>
/// Calls everything that a page can do to anything, past the page and with every role. An act is a public asynchronous method, or one whose outcome is a stream, of a class whose name ends with
/// <c>Actions</c>; one that is not written down here fails the test, and so does a method of a SignalR hub.
/// </summary>
public sealed class ActionWalkTests
{
    /// <summary>Act to the lowest role that may do it. Null: it only looks at what belongs to whoever asks.</summary>
    private static readonly Dictionary<string, ConsoleRole?> LowestRole = new()
    {
        ["WorkloadActions.MayAsync"] = null,
        ["WorkloadActions.RunAsync"] = ConsoleRole.Operator,
        ["WorkloadActions.ScaleAsync"] = ConsoleRole.Operator,
        ["WorkloadActions.SetTrafficAsync"] = ConsoleRole.Operator,
        ["DiagnosticsActions.RunAsync"] = ConsoleRole.Operator,
        ["HubActions.RetryAsync"] = ConsoleRole.Operator,
        ["ConnectionActions.SaveAsync"] = ConsoleRole.Administrator,

        // With values of one's own it is for administrators, and that is how it is called here.
        ["ConnectionActions.TestAsync"] = ConsoleRole.Administrator,
        ["InstallActions.RunAsync"] = ConsoleRole.Administrator,
        ["ConfigurationActions.MayAsync"] = null,
        ["ConfigurationActions.SaveAsync"] = ConsoleRole.Administrator,
        ["ConfigurationActions.RestoreAsync"] = ConsoleRole.Administrator,
        ["ConfigurationActions.ShowSecretsAsync"] = ConsoleRole.Administrator,
        ["ProfileActions.UserAsync"] = null,
        ["ProfileActions.SessionsAsync"] = null,
        ["ProfileActions.ChangePasswordAsync"] = ConsoleRole.Viewer,
        ["ProfileActions.ConfirmSecondFactorAsync"] = ConsoleRole.Viewer,
        ["ProfileActions.RemoveSecondFactorAsync"] = ConsoleRole.Viewer,
        ["ProfileActions.EndSessionAsync"] = ConsoleRole.Viewer,
        ["AccessActions.CreateUserAsync"] = ConsoleRole.Administrator,
        ["AccessActions.SetRoleAsync"] = ConsoleRole.Administrator,
        ["AccessActions.SetDisabledAsync"] = ConsoleRole.Administrator,
        ["AccessActions.CreatePasswordLinkAsync"] = ConsoleRole.Administrator,
        ["AccessActions.RemoveSecondFactorAsync"] = ConsoleRole.Administrator,
        ["AccessActions.DeleteUserAsync"] = ConsoleRole.Administrator,
        ["AccessActions.EndSessionAsync"] = ConsoleRole.Administrator,
        ["AccessActions.EndSessionsAsync"] = ConsoleRole.Administrator,
        ["AccessActions.CreateClientAsync"] = ConsoleRole.Administrator,
        ["AccessActions.RotateClientAsync"] = ConsoleRole.Administrator,
        ["AccessActions.DeleteClientAsync"] = ConsoleRole.Administrator,
    };

    /// <summary>Methods of SignalR hubs, and whom they are for.</summary>
    private static readonly Dictionary<string, string> HubMethods = new()
    {
        ["LiveHub.Workloads"] = "live.read",
        ["LiveHub.Capacity"] = "live.read",
        ["LiveHub.Logs"] = "workloads.read",
    };

    private static readonly string[] NoKeys = ["audit.read"];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public void Everything_that_can_be_done_has_been_thought_about()
    {
        Assert.Equal(LowestRole.Keys.Order(StringComparer.Ordinal), Acts().Select(Name).Distinct().Order(StringComparer.Ordinal));
        var hubs = typeof(RunnerApp).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(Microsoft.AspNetCore.SignalR.Hub)))
            .SelectMany(type => type.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly)).Where(method => method.GetBaseDefinition() == method).Select(Name);
        Assert.Equal(HubMethods.Keys.Order(StringComparer.Ordinal), hubs.Distinct().Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(null)]
    [InlineData(ConsoleRole.Viewer)]
    [InlineData(ConsoleRole.Operator)]
    [InlineData(ConsoleRole.Administrator)]
    public async Task An_act_that_the_role_does_not_allow_is_refused_and_audited_whatever_the_page_offers(ConsoleRole? role)
    {
        await using var host = await RunnerHost.StartAsync();
        var user = await host.Get<UserDirectory>().CreateAsync("one", "three odd tables", role ?? ConsoleRole.Administrator, Cancel);
        var session = await host.Get<SessionRegistry>().StartAsync(user, "192.0.2.9", "Browser", SignInMethod.Password, Cancel);
        if (role is null)
        {
            await host.Get<SessionRegistry>().EndAsync(session.Id, Cancel);
        }

        var wrong = new List<string>();
        foreach (var act in Acts().Where(act => LowestRole[Name(act)] is not null))
        {
            await using var circuit = host.App.Services.CreateAsyncScope();
            var authentication = circuit.ServiceProvider.GetRequiredService<AuthenticationStateProvider>();
            ((IHostEnvironmentAuthenticationStateProvider)authentication).SetAuthenticationState(Task.FromResult(new AuthenticationState(ConsoleSession.Create(user, session))));
            var allowed = role is not null && role >= LowestRole[Name(act)];
            var refused = false;
            try
            {
                await DoAsync(act.Invoke(circuit.ServiceProvider.GetRequiredService(act.DeclaringType!), [.. act.GetParameters().Select(Dummy)])!);
            }
            catch (UnauthorizedAccessException)
            {
                refused = true;
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                // What it is done to does not exist, or is not as it must be: it got past the role.
            }

            if (refused == allowed)
            {
                wrong.Add($"{Name(act)} was {(refused ? "refused" : "allowed")} to {role?.ToString() ?? "an ended session"}");
            }
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
        if (role is ConsoleRole.Viewer)
        {
            Assert.True(host.Get<AuditLog>().Read(100).Count(entry => entry is { Who: "one", Outcome: AuditOutcome.Refused, RemoteAddress: "192.0.2.9" }) >= 10);
        }
    }

    [Fact]
    public async Task The_last_local_administrator_stays_whatever_is_tried_at_once()
    {
        await using var host = await RunnerHost.StartAsync();
        var users = host.Get<UserDirectory>();
        var admin = users.FindByName("admin")!;
        var second = await users.CreateAsync("second", "three odd tables", ConsoleRole.Administrator, Cancel);
        await users.InviteAsync("invited", ConsoleRole.Administrator, Cancel);
        await users.TakeOverAsync("https://id.example", "x", "outside", ConsoleRole.Administrator, Cancel);
        Func<Task>[] attempts =
        [
            () => users.DeleteAsync(admin.Id, Cancel), () => users.DeleteAsync(second.Id, Cancel), () => users.SetDisabledAsync(admin.Id, true, Cancel),
            () => users.SetRoleAsync(second.Id, ConsoleRole.Operator, Cancel), () => users.SetDisabledAsync(second.Id, true, Cancel), () => users.SetRoleAsync(admin.Id, ConsoleRole.Viewer, Cancel),
        ];

        var refusals = await Task.WhenAll(attempts.Select(async attempt =>
        {
            try
            {
                await attempt();
                return (UserRefusal?)null;
            }
            catch (UserRefusedException refused)
            {
                return refused.Reason;
            }
        }));

        Assert.Contains(UserRefusal.LastAdministrator, refusals);
        Assert.Single(users.All, user => user is { Role: ConsoleRole.Administrator, Disabled: false, IsLocal: true, HasPassword: true });
    }

    [Fact]
    public async Task A_client_s_secret_is_shown_once_works_until_it_is_rotated_and_its_tokens_end_with_it()
    {
        await using var host = await RunnerHost.StartAsync();
        await using var circuit = host.App.Services.CreateAsyncScope();
        var clients = circuit.ServiceProvider.GetRequiredService<ApiClients>();
        var api = new TokenClient(host);
        var first = await clients.CreateAsync("auditor", ["audit.read"], Cancel);
        var token = (await api.ClientCredentialsAsync("auditor", "audit.read", first)).GetProperty("access_token").GetString()!;
        var beyond = await api.ClientCredentialsAsync("auditor", "backup.read", first);
        var known = (await clients.ListAsync(Cancel)).Single(client => client.ClientId == "auditor");

        Assert.Equal(200, await api.ReadAuditAsync(token));
        Assert.False(beyond.TryGetProperty("access_token", out _));
        var second = await clients.RotateAsync(known.Id, Cancel);
        Assert.Equal(401, await api.ReadAuditAsync(token));
        Assert.Equal("invalid_client", (await api.ClientCredentialsAsync("auditor", "audit.read", first)).GetProperty("error").GetString());
        var next = (await api.ClientCredentialsAsync("auditor", "audit.read", second)).GetProperty("access_token").GetString()!;
        Assert.Equal(200, await api.ReadAuditAsync(next));
        await clients.DeleteAsync(known.Id, Cancel);
        Assert.Equal(401, await api.ReadAuditAsync(next));
        Assert.Equal(AccessRefusal.ClientBuiltIn, (await Assert.ThrowsAsync<AccessRefusedException>(async () =>
            await clients.DeleteAsync((await clients.ListAsync(Cancel)).Single(client => client.IsBuiltIn).Id, Cancel))).Reason);
    }

    private static IEnumerable<MethodInfo> Acts() => typeof(RunnerApp).Assembly.GetTypes().Where(type => type is { IsClass: true, IsAbstract: false } && type.Name.EndsWith("Actions", StringComparison.Ordinal))
        .SelectMany(type => type.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly)).Where(method => method.ReturnType.IsAssignableTo(typeof(Task)) || IsStream(method.ReturnType));

    private static bool IsStream(Type type) => type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IAsyncEnumerable<>);

    /// <summary>Waits for the act, of a stream for its first step: that one is not made where the role does not allow it.</summary>
    private static async Task DoAsync(object outcome)
    {
        if (outcome is Task task)
        {
            await task;
            return;
        }

        // Everything that streams tells of steps, which are objects.
        await using var steps = ((IAsyncEnumerable<object>)outcome).GetAsyncEnumerator(Cancel);
        await steps.MoveNextAsync();
    }

    private static string Name(MethodInfo method) => $"{method.DeclaringType!.Name}.{method.Name}";

    private static object? Dummy(ParameterInfo parameter) => parameter.ParameterType switch
    {
        var type when type == typeof(string) => "x",
        var type when type == typeof(bool) => true,
        var type when type == typeof(TotpOffer) => new TotpOffer("JBSWY3DPEHPK3PXP", ""),
        var type when type == typeof(ApiClient) => new ApiClient("x", "x", "x", [], false, null),
        var type when type == typeof(IReadOnlyCollection<string>) => NoKeys,
        var type when type == typeof(IReadOnlyCollection<WorkloadKey>) => new[] { new WorkloadKey("nowhere", WorkloadKind.Service, "spaces", "x") },
        var type when type == typeof(IProgress<ActionResult>) => null,
        var type when type == typeof(WorkloadKey) => new WorkloadKey("nowhere", WorkloadKind.Service, "spaces", "x"),
        var type when type == typeof(IReadOnlyCollection<VersionShare>) => new[] { new VersionShare("x", 100) },
        var type when type == typeof(ReplicaRange) => new ReplicaRange(1, 1),
        var type when type == typeof(RegistryTarget) => new RegistryTarget("registry.example.com", "x", "x", "x", false, false),
        var type when type == typeof(ObjectStoreTarget) => new ObjectStoreTarget("http://127.0.0.1:1", "x", "x", "x", "x", false, "auto"),
        var type when type == typeof(IReadOnlyList<BundleObject>) => Array.Empty<BundleObject>(),
        var type when type == typeof(CheckId?) => CheckId.ClockSkew,
        var type when type.IsValueType => Activator.CreateInstance(type),
        var type => throw new InvalidOperationException($"Say in {nameof(ActionWalkTests)} what to give for {type}."),
    };
}
