using LiteDB;
using Runner.Engine.Storage;
using Runner.Web.Identity.Stores;
using Runner.Web.Identity.Tokens;
using Runner.Web.Identity.Users;

namespace Runner.Web.Identity;

/// <summary>
/// What holds for accounts and clients when a replica that was alone brings its changes to the others: somebody who can administrate stays, and what was left is in the audit
/// log, so that whoever made it learns of it. A hosted service, so that it is there before any of it begins.
/// </summary>
internal sealed class AloneChanges : IHostedService
{
    private const string Overrides = "cluster_overrides";
    private const string Versions = "configuration_versions";

    private readonly AuditLog _audit;

    public AloneChanges(SharedState state, AuditLog audit)
    {
        _audit = audit;
        state.Guard(StateCollections.Users, UserDirectory.KeepAdministrator);
        state.Witness(WriteDown);
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Not of sessions, tokens and the like, as whoever had one signs in again, nor of what every replica makes by itself.</summary>
    private static string? NameOf(StateLeft left)
    {
        var document = left.After ?? left.Before ?? [];
        return left.Collection switch
        {
            StateCollections.Users => $"user {Text(document["name"])}",
            Collections.Applications when document[nameof(ApplicationEntity.ClientId)] == TokenSetup.CommandLineClient => null,
            Collections.Applications => $"client {Text(document[nameof(ApplicationEntity.ClientId)])}",
            Overrides => $"settings of cluster {Text(document["_id"])}",
            Versions => $"version {Text(document["_id"])} of the configuration",
            _ => null,
        };
    }

    private static string Text(BsonValue value) => value.IsString ? value.AsString : value.ToString();

    private void WriteDown(StateTransaction transaction, IReadOnlyList<StateLeft> left)
    {
        foreach (var (name, after) in left.Select(change => (NameOf(change), change.After)).Where(change => change.Item1 is not null))
        {
            _audit.Write(
                transaction,
                AuditActions.ReplicaConflict,
                name!,
                AuditOutcome.Refused,
                new AuditDetail(after is null ? AuditSentence.ReplicaRemoved : AuditSentence.ReplicaChanged));
        }
    }
}
