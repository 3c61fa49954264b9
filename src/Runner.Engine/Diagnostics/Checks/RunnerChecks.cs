using Runner.Engine.Clusters.Api;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Configuration;
using Runner.Engine.Hub;
using Runner.Engine.Hub.Events;
using Runner.Engine.Probes;

namespace Runner.Engine.Diagnostics.Checks;

/// <summary>Checks of what concerns the runner as a whole: it gathers evidence, <see cref="RunnerRules"/> judges.</summary>
internal sealed class RunnerChecks(
    RunnerOptions options, LiveSettings settings, ClusterDirectory clusters, Outbox outbox, ClusterTelling telling, ConnectionTests connections, TimeProvider time)
{
    private ConfigurationView View => new(options.Hub.ConfigMapName, settings.Problems);

    public IEnumerable<Check> All() =>
    [
        new(CheckId.HubReachable, "", HubAsync),
        new(CheckId.HubToken, "", _ => Task.FromResult(RunnerRules.Token(settings.WebhookEndpoint, outbox.Status, telling.Heartbeats))),
        new(CheckId.ClockSkew, "", ClockAsync),
        new(CheckId.ConfigMap, "", _ => Task.FromResult(RunnerRules.ConfigMap(View))),
        new(CheckId.PublicDomain, "", DomainAsync),
        new(CheckId.Certificates, "", CertificatesAsync),
        new(CheckId.Registry, "", RegistryAsync),
        new(CheckId.ObjectStore, "", StoreAsync),
        new(CheckId.Disk, "", _ => Task.FromResult(Disk())),
    ];

    private async Task<Verdict> HubAsync(CancellationToken cancellationToken)
    {
        if (settings.WebhookEndpoint is not { } hub)
        {
            return Verdict.Bad(CheckCause.HubUnset, []);
        }

        // Through a proxy nothing is known of the way but what came of the events.
        if (options.Proxy.Enabled)
        {
            return outbox.Status is { IsTroubled: true } troubled ? Verdict.Bad(CheckCause.HubUnreachable, [], hub.Authority).Saying(troubled.LastError) : Verdict.Good(options.Proxy.Url?.Host ?? "");
        }

        var transport = new Transport(hub.DnsSafeHost, hub.Port, hub.Scheme == "https", skipVerify: false);
        var reach = await transport.ReachAsync(cancellationToken).ConfigureAwait(false);
        var tls = reach.Outcome == ProbeOutcome.Failed ? reach : await transport.TlsAsync(cancellationToken).ConfigureAwait(false);
        return tls.Outcome == ProbeOutcome.Failed
            ? Verdict.Bad(CheckCause.HubUnreachable, tls.Evidence.Length > 0 ? [tls.Evidence] : [], [hub.Authority, tls.Fault.ToString(), .. tls.Arguments])
            : Verdict.Good([.. new[] { reach.Evidence, tls.Evidence }.Where(text => text.Length > 0)]);
    }

    private async Task<Verdict> ClockAsync(CancellationToken cancellationToken)
    {
        var readings = new List<ClockReading>();
        foreach (var cluster in clusters.Connections.Where(cluster => cluster.Status.Health == ClusterHealth.Connected))
        {
            using var answer = await RawApi.GetAsync(cluster.Client, "version", cancellationToken).ConfigureAwait(false);
            if (answer.Headers.Date is { } date)
            {
                readings.Add(new(cluster.Name, date - time.GetUtcNow()));
            }
        }

        if (telling.HubClockOffset is { } offset && settings.WebhookEndpoint is { } hub)
        {
            readings.Add(new(hub.Authority, offset));
        }

        return RunnerRules.Clock(readings);
    }

    private async Task<Verdict> DomainAsync(CancellationToken cancellationToken)
    {
        var evidence = new List<string>();
        foreach (var cluster in clusters.Connections)
        {
            var domain = settings.Of(cluster.Name).PublicDomain;
            if (RunnerRules.HostOf(domain) is not { } host)
            {
                continue;
            }

            try
            {
                var addresses = await System.Net.Dns.GetHostAddressesAsync(host, cancellationToken).ConfigureAwait(false);
                evidence.Add($"{host} → {string.Join(", ", addresses.Select(address => address.ToString()).Take(4))}");
            }
            catch (System.Net.Sockets.SocketException unknown)
            {
                return Verdict.Bad(CheckCause.DomainUnknown, [.. evidence, $"{host}: {unknown.Message}"], host);
            }
        }

        return evidence.Count == 0 ? Verdict.Skipped(CheckCause.DomainUnset) : Verdict.Good([.. evidence]);
    }

    private async Task<Verdict> CertificatesAsync(CancellationToken cancellationToken)
    {
        var addresses = new List<Uri?> { settings.WebhookEndpoint };
        addresses.AddRange(clusters.Connections.Select(cluster => Uri.TryCreate(settings.Of(cluster.Name).PublicDomain, UriKind.Absolute, out var address) ? address : null));
        addresses.AddRange(clusters.Connections.Where(cluster => cluster.Status.Health == ClusterHealth.Connected).Select(cluster => (Uri?)((k8s.Kubernetes)cluster.Client).BaseUri));
        var readings = new List<CertificateReading>();
        foreach (var address in addresses.OfType<Uri>().Where(address => address.Scheme == "https").DistinctBy(address => address.Authority))
        {
            var ends = await CertificateProbe.EndOfAsync(address, cancellationToken).ConfigureAwait(false);
            readings.Add(new(address.Authority, ends.End, ends.Problem));
        }

        return RunnerRules.Certificates(readings, time.GetUtcNow());
    }

    private async Task<Verdict> RegistryAsync(CancellationToken cancellationToken)
    {
        if (options.Services.BuildRegistry.Length == 0)
        {
            return Verdict.Skipped(CheckCause.RegistryUnset);
        }

        var target = await connections.RegistryTargetAsync(cancellationToken).ConfigureAwait(false);
        return await ProbeAsync(connections.TestAsync(target, cancellationToken), CheckCause.RegistryFails).ConfigureAwait(false);
    }

    private async Task<Verdict> StoreAsync(CancellationToken cancellationToken) => options.ObjectStore.Endpoint.Length == 0
        ? Verdict.Skipped(CheckCause.StoreUnset)
        : await ProbeAsync(connections.TestAsync(connections.ObjectStoreTarget(), cancellationToken), CheckCause.StoreFails).ConfigureAwait(false);

    private static async Task<Verdict> ProbeAsync(IAsyncEnumerable<ProbeStep> steps, CheckCause cause)
    {
        var ended = new List<ProbeStep>();
        await foreach (var step in steps.ConfigureAwait(false))
        {
            if (step.Outcome is not (ProbeOutcome.Running or ProbeOutcome.NotReached))
            {
                ended.Add(step);
            }
        }

        var evidence = ended.Where(step => step.Evidence.Length > 0).Select(step => $"{step.Id}: {step.Evidence}").ToList();
        return ended.Find(step => step.Outcome == ProbeOutcome.Failed) is { } failed ? Verdict.Bad(cause, evidence, [failed.Id.ToString(), failed.Fault.ToString(), .. failed.Arguments]) : Verdict.Good([.. evidence]);
    }

    private Verdict Disk()
    {
        var drive = new DriveInfo(Path.GetFullPath(options.DataDirectory));
        return RunnerRules.Disk(drive.AvailableFreeSpace, drive.TotalSize);
    }
}
