using Runner.Engine.Configuration;
using Runner.Engine.Storage;

namespace Runner.Web.Identity;

/// <summary>Prunes the audit log by age.</summary>
internal sealed class AuditRetention(AuditLog audit, RunnerOptions options) : IPrunable
{
    public string What => "entries of the audit log";

    public TimeSpan KeptFor => options.Retention.Audit;

    public Task<int> PruneAsync(DateTimeOffset before, CancellationToken cancellationToken) => audit.PruneAsync(before, cancellationToken);
}
