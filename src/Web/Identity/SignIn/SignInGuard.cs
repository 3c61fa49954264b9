using System.Net;
using LiteDB;
using Runner.Engine.Storage;

namespace Runner.Web.Identity.SignIn;

/// <summary>
/// Keeps passwords and codes from being guessed: failures are counted per account and per network, and each beyond a few costs a pause that grows. An attempt counts
/// as failed before it is looked at, so that many at the same moment gain nothing. Whoever guesses at an account from elsewhere does not lock its owner out:
/// networks from which the account has signed in before are counted for themselves. Unknown names are counted as known ones are, so that nothing is told by it.
/// </summary>
internal sealed class SignInGuard
{
    /// <summary>Most counters kept; beyond it the oldest are dropped. Whoever makes that many meets the pause of the network long before.</summary>
    public const int Capacity = 20_000;

    private const string Collection = "sign_in_failures";
    private static readonly TimeSpan Familiar = TimeSpan.FromDays(30);

    private readonly Database _database;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Failures> _counters;

    public SignInGuard(Database database, TimeProvider time)
    {
        _database = database;
        _time = time;
        _counters = database.Read(db => db.GetCollection(Collection).FindAll().ToList())
            .ToDictionary(document => document["_id"].AsString, document => new Failures(document["count"].AsInt32, new DateTimeOffset(document["last"].AsDateTime.ToUniversalTime())));
    }

    /// <summary>Begins an attempt, and counts it as failed for now.</summary>
    /// <returns>How long to wait where it may not be made; zero where it may.</returns>
    public async Task<TimeSpan> BeginAsync(string account, IPAddress? address, CancellationToken cancellationToken)
    {
        var now = _time.GetUtcNow();
        List<KeyValuePair<string, Failures>> changed;
        lock (_lock)
        {
            var (accountKey, networkKey) = Keys(account, address, now);
            var left = Longer(LockOut.OfAccount.Left(_counters.GetValueOrDefault(accountKey), now), LockOut.OfNetwork.Left(_counters.GetValueOrDefault(networkKey), now));
            if (left > TimeSpan.Zero)
            {
                return left;
            }

            changed = [Count(accountKey, now), Count(networkKey, now)];
        }

        await StoreAsync(changed, cancellationToken).ConfigureAwait(false);
        return TimeSpan.Zero;
    }

    /// <summary>The attempt succeeded: the account's failures are forgotten. Those of the network are not, or somebody with one account could go on guessing at others.</summary>
    public async Task SucceededAsync(string account, IPAddress? address, CancellationToken cancellationToken)
    {
        var now = _time.GetUtcNow();
        List<KeyValuePair<string, Failures>> changed;
        lock (_lock)
        {
            var (accountKey, networkKey) = Keys(account, address, now);
            _counters[accountKey] = new(0, now);
            var network = _counters.GetValueOrDefault(networkKey);
            _counters[networkKey] = network with { Count = Math.Max(0, network.Count - 1) };
            var familiar = FamiliarKey(account, Network(address));
            _counters[familiar] = new(0, now);
            changed = [Entry(accountKey), Entry(networkKey), Entry(familiar)];
        }

        await StoreAsync(changed, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>One household or office has a whole /64 of IPv6 addresses to try from.</summary>
    public static string Network(IPAddress? address) => address switch
    {
        null => "",
        { IsIPv4MappedToIPv6: true } => address.MapToIPv4().ToString(),
        { AddressFamily: System.Net.Sockets.AddressFamily.InterNetworkV6 } => Convert.ToHexString(address.GetAddressBytes().AsSpan(0, 8)),
        _ => address.ToString(),
    };

    private (string Account, string Network) Keys(string account, IPAddress? address, DateTimeOffset now)
    {
        var network = Network(address);
        var known = _counters.TryGetValue(FamiliarKey(account, network), out var seen) && now - seen.Last < Familiar;
        var name = account.ToUpperInvariant();
        return (known ? $"account|{name}|{network}" : $"account|{name}", $"network|{network}");
    }

    private static string FamiliarKey(string account, string network) => $"familiar|{account.ToUpperInvariant()}|{network}";

    private KeyValuePair<string, Failures> Count(string key, DateTimeOffset now)
    {
        _counters[key] = _counters.GetValueOrDefault(key).And(now);
        return Entry(key);
    }

    private KeyValuePair<string, Failures> Entry(string key) => KeyValuePair.Create(key, _counters[key]);

    private Task<int> StoreAsync(List<KeyValuePair<string, Failures>> changed, CancellationToken cancellationToken)
    {
        var dropped = DropOld();
        return _database.WriteAsync(
            db =>
            {
                var counters = db.GetCollection(Collection);
                foreach (var (key, failures) in changed)
                {
                    counters.Upsert(new BsonDocument { ["_id"] = key, ["count"] = failures.Count, ["last"] = failures.Last.UtcDateTime });
                }

                return dropped.Count(key => counters.Delete(key));
            },
            cancellationToken);
    }

    private List<string> DropOld()
    {
        lock (_lock)
        {
            if (_counters.Count <= Capacity)
            {
                return [];
            }

            var dropped = _counters.OrderBy(counter => counter.Value.Last).Take(_counters.Count - (Capacity * 9 / 10)).Select(counter => counter.Key).ToList();
            dropped.ForEach(key => _counters.Remove(key));
            return dropped;
        }
    }

    private static TimeSpan Longer(TimeSpan one, TimeSpan other) => one > other ? one : other;
}
