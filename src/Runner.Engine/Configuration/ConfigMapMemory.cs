using LiteDB;
using Microsoft.Extensions.Logging;
using Runner.Engine.Storage;

namespace Runner.Engine.Configuration;

/// <summary>
/// Keeps what the watched ConfigMaps last said on disk, so that a runner that starts after one was deleted still knows where the hub is.
/// Only what the ConfigMap of the same name said counts.
/// </summary>
internal sealed partial class ConfigMapMemory
{
    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(5);

    private readonly Database _database;
    private readonly LiveSettings _settings;
    private readonly IReadOnlyList<string> _clusters;
    private readonly string _source;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Signal _changed = new();
    private readonly Dictionary<string, ConfigMapValues> _saved = new(StringComparer.Ordinal);

    /// <param name="clusters">Names of the connections.</param>
    public ConfigMapMemory(Database database, LiveSettings settings, RunnerOptions options, IReadOnlyList<string> clusters, TimeProvider time, ILogger logger)
    {
        (_database, _settings, _clusters, _time, _logger) = (database, settings, clusters, time, logger);
        _source = options.Hub.ConfigMapName.Length == 0 ? "" : $"{options.RunnerNamespace}/{options.Hub.ConfigMapName}";
        database.Register<ConfigMapDocument>();
    }

    /// <summary>Puts what is remembered into effect.</summary>
    public void Load()
    {
        foreach (var document in _database.Read(db => Documents(db).FindAll().ToList()).Where(document => document.Source == _source && _clusters.Contains(document.Id)))
        {
            _saved[document.Id] = document.ToValues();
            _settings.SetConfigMap(document.Id, _saved[document.Id]);
        }
    }

    /// <summary>Remembers until cancelled. Never throws.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        _settings.Changed += _changed.Set;
        try
        {
            while (!cancellationToken.IsCancellationRequested)
            {
                var saved = await TrySaveAsync(cancellationToken).ConfigureAwait(false);
                await _changed.WaitAsync(saved ? Timeout.InfiniteTimeSpan : RetryPause, _time, cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            _settings.Changed -= _changed.Set;
        }
    }

    private static ILiteCollection<ConfigMapDocument> Documents(ILiteDatabase db) => db.GetCollection<ConfigMapDocument>("config_maps");

    private async Task<bool> TrySaveAsync(CancellationToken cancellationToken)
    {
        try
        {
            foreach (var cluster in _clusters)
            {
                var values = _settings.MapOf(cluster);
                if (values != (_saved.GetValueOrDefault(cluster) ?? ConfigMapValues.None))
                {
                    await _database.WriteAsync(db => Documents(db).Upsert(ConfigMapDocument.From(cluster, _source, values)), cancellationToken).ConfigureAwait(false);
                    _saved[cluster] = values;
                }
            }

            return true;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return true;
        }
#pragma warning disable CA1031 // Most likely the disk; it is tried again, and nothing else depends on it.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            LogNotSaved(exception.Message);
            return false;
        }
    }

    [LoggerMessage(LogLevel.Warning, "What the watched ConfigMap says could not be kept for the next start and is tried again: {Problem}")]
    private partial void LogNotSaved(string problem);
}

/// <summary><see cref="ConfigMapValues"/> as they lie on disk. The id is the connection's name.</summary>
internal sealed class ConfigMapDocument
{
    [BsonId(autoId: false)]
    public string Id { get; set; } = "";

    /// <summary>Namespace and name of the ConfigMap.</summary>
    public string Source { get; set; } = "";

    public string? WebhookEndpoint { get; set; }

    public string PublicDomain { get; set; } = "";

    public string Region { get; set; } = "";

    public string ApplicationEndpoint { get; set; } = "";

    public string StorageClass { get; set; } = "";

    public string NetworkInterface { get; set; } = "";

    public static ConfigMapDocument From(string cluster, string source, ConfigMapValues values) => new()
    {
        Id = cluster,
        Source = source,
        WebhookEndpoint = values.WebhookEndpoint?.OriginalString,
        PublicDomain = values.PublicDomain,
        Region = values.Region,
        ApplicationEndpoint = values.ApplicationEndpoint,
        StorageClass = values.StorageClass,
        NetworkInterface = values.NetworkInterface,
    };

    public ConfigMapValues ToValues() => new()
    {
        WebhookEndpoint = Uri.TryCreate(WebhookEndpoint, UriKind.Absolute, out var endpoint) ? endpoint : null,
        PublicDomain = PublicDomain,
        Region = Region,
        ApplicationEndpoint = ApplicationEndpoint,
        StorageClass = StorageClass,
        NetworkInterface = NetworkInterface,
    };
}
