using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Runner.Engine.Configuration;
using Runner.Engine.Storage;

namespace Runner.Web.Identity.Users;

/// <summary>
/// Sees to it at every start that somebody can sign in: takes <c>RUNNER_ADMIN_PASSWORD</c> over where it changed; without it, on the first start, makes a
/// password and a one-time link and prints both, once, to standard output (not to the log).
/// </summary>
internal sealed partial class AdministratorSetup(
    UserDirectory users, OneTimeLinks links, AuditLog audit, RunnerOptions options, IServer server, IStateStore state, StateSetup setup, ILogger<AdministratorSetup> logger) : IHostedLifecycleService
{
    /// <summary>Name of the local administrator.</summary>
    public const string AdministratorName = "admin";

    public Task StartingAsync(CancellationToken cancellationToken) => state.IsShared ? Task.CompletedTask : TakePasswordAsync(cancellationToken);

    /// <summary>Makes the first account only now that the address is known: one made before a failed start would never be told to anybody.</summary>
    public Task StartedAsync(CancellationToken cancellationToken)
    {
        if (!state.IsShared)
        {
            return MakeFirstAsync(cancellationToken);
        }

        setup.Later(async cancel =>
        {
            await TakePasswordAsync(cancel);
            await MakeFirstAsync(cancel);
        });
        setup.Begin();
        return Task.CompletedTask;
    }

    private async Task TakePasswordAsync(CancellationToken cancellationToken)
    {
        if (options.AdminPassword.Length > 0
            && await users.ApplyConfiguredPasswordAsync(AdministratorName, options.AdminPassword, cancellationToken))
        {
            await audit.WriteAsync(
                "system", "", AuditActions.PasswordChange, AdministratorName, AuditOutcome.Done, new AuditDetail(AuditSentence.PasswordTakenOver), cancellationToken);
            LogTakenOver(AdministratorName);
        }
    }

    private async Task MakeFirstAsync(CancellationToken cancellationToken)
    {
        if (users.All.Count > 0)
        {
            return;
        }

        var password = Passwords.Random();
        var administrator = await users.CreateAsync(AdministratorName, password, ConsoleRole.Administrator, cancellationToken);
        var secret = await links.CreateAsync(administrator.Id, LinkPurpose.SignIn, cancellationToken);
        var address = server.Features.Get<IServerAddressesFeature>()?.Addresses.FirstOrDefault() ?? "http://127.0.0.1";
        Console.WriteLine(
            $"""

            First start: there is one account, and this is shown only now.
              sign in once with   {Reachable(address)}/sign-in?link={secret}
              user                {AdministratorName}
              password            {password}

            """);
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    // "Every interface" is no address a browser can open.
    private static string Reachable(string address) =>
        address.Replace("[::]", "127.0.0.1", StringComparison.Ordinal).Replace("0.0.0.0", "127.0.0.1", StringComparison.Ordinal).TrimEnd('/');

    [LoggerMessage(LogLevel.Information, "The password of '{User}' was set from RUNNER_ADMIN_PASSWORD; its sessions have ended.")]
    private partial void LogTakenOver(string user);
}
