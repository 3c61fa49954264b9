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

    private readonly IStateStore _state;
    private readonly TimeProvider _time;
    private int _stored;

    public SignInGuard(IStateStore state, TimeProvider time)
    {
        _state = state;
        _time = time;
        _stored = state.Read(db => db.GetCollection(Collection).Count());
    }

    /// <summary>Begins an attempt, and counts it as failed for now: in the state that replicas share, so that asking several of them gains nothing either.</summary>
    public async Task<SignInAttempt> BeginAsync(string account, IPAddress? address, CancellationToken cancellationToken)
    {
        await DropOldAsync(cancellationToken).ConfigureAwait(false);
        var now = Now();
        return await _state.WriteAnywayAsync(
            transaction =>
            {
                var counters = new Counters(transaction.Collection(Collection));
                var (accountKey, networkKey) = Keys(counters, account, address, now);
                var (ofAccount, ofNetwork) = (counters.Get(accountKey), counters.Get(networkKey));
                var left = Longer(LockOut.OfAccount.Left(ofAccount, now), LockOut.OfNetwork.Left(ofNetwork, now));
                if (left == TimeSpan.Zero)
                {
                    counters.Set(accountKey, ofAccount.And(now));
                    counters.Set(networkKey, ofNetwork.And(now));
                }

                return new SignInAttempt(account, address, left, now, ofAccount.Last, ofNetwork.Last);
            },
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The first of two steps was right: it is as if it had not been tried. What failed before still counts until the second is right too.</summary>
    public Task PassedAsync(SignInAttempt attempt, CancellationToken cancellationToken) => _state.WriteAnywayAsync(
        transaction =>
        {
            var counters = new Counters(transaction.Collection(Collection));
            var (accountKey, networkKey) = Keys(counters, attempt.Account, attempt.Address, attempt.At);
            counters.Set(accountKey, counters.Get(accountKey).Without(attempt.At, attempt.AccountLast));
            counters.Set(networkKey, counters.Get(networkKey).Without(attempt.At, attempt.NetworkLast));
            return true;
        },
        cancellationToken);

    /// <summary>The attempt succeeded: the account's failures are forgotten. Those of the network are not, or somebody with one account could go on guessing at others.</summary>
    public Task SucceededAsync(SignInAttempt attempt, CancellationToken cancellationToken)
    {
        var now = Now();
        return _state.WriteAnywayAsync(
            transaction =>
            {
                var counters = new Counters(transaction.Collection(Collection));
                var (accountKey, networkKey) = Keys(counters, attempt.Account, attempt.Address, attempt.At);
                counters.Set(accountKey, new(0, now));
                counters.Set(networkKey, counters.Get(networkKey).Without(attempt.At, attempt.NetworkLast));
                counters.Set(FamiliarKey(attempt.Account, Network(attempt.Address)), new(0, now));
                return true;
            },
            cancellationToken);
    }

    /// <summary>One household or office has a whole /64 of IPv6 addresses to try from.</summary>
    public static string Network(IPAddress? address) => address switch
    {
        null => "",
        { IsIPv4MappedToIPv6: true } => address.MapToIPv4().ToString(),
        { AddressFamily: System.Net.Sockets.AddressFamily.InterNetworkV6 } => Convert.ToHexString(address.GetAddressBytes().AsSpan(0, 8)),
        _ => address.ToString(),
    };

    /// <summary>To the millisecond, as it is stored: an attempt recognises the moment that it wrote.</summary>
    private DateTimeOffset Now() => DateTimeOffset.FromUnixTimeMilliseconds(_time.GetUtcNow().ToUnixTimeMilliseconds());

    private static (string Account, string Network) Keys(Counters counters, string account, IPAddress? address, DateTimeOffset now)
    {
        var network = Network(address);
        var known = counters.Find(FamiliarKey(account, network)) is { } seen && now - seen.Last < Familiar;
        var name = account.ToUpperInvariant();
        return (known ? $"account|{name}|{network}" : $"account|{name}", $"network|{network}");
    }

    private static string FamiliarKey(string account, string network) => $"familiar|{account.ToUpperInvariant()}|{network}";

    /// <summary>Makes room, from time to time.</summary>
    private async Task DropOldAsync(CancellationToken cancellationToken)
    {
        // Each attempt adds two at most; what others add is counted with the next look.
        if (Interlocked.Add(ref _stored, 2) <= Capacity)
        {
            return;
        }

        var left = await _state.WriteAnywayAsync(
            transaction =>
            {
                var counters = transaction.Collection(Collection);
                var all = counters.FindAll();
                if (all.Count <= Capacity)
                {
                    return all.Count;
                }

                return all.Count - all.OrderBy(counter => counter["last"].AsDateTime).Take(all.Count - (Capacity * 9 / 10)).Count(counter => counters.Delete(counter["_id"]));
            },
            cancellationToken).ConfigureAwait(false);
        Interlocked.Exchange(ref _stored, left);
    }

    private static TimeSpan Longer(TimeSpan one, TimeSpan other) => one > other ? one : other;

    private readonly struct Counters(StateCollection documents)
    {
        public Failures? Find(string key) => documents.FindById(key) is { } document
            ? new Failures(document["count"].AsInt32, new DateTimeOffset(document["last"].AsDateTime.ToUniversalTime()))
            : null;

        public Failures Get(string key) => Find(key) ?? default;

        public void Set(string key, Failures failures) => documents.Upsert(new BsonDocument { ["_id"] = key, ["count"] = failures.Count, ["last"] = failures.Last.UtcDateTime });
    }
}

/// <summary>An attempt to sign in, from its beginning until it is known how it ended.</summary>
/// <param name="Wait">How long to wait where it may not be made; zero where it may.</param>
/// <param name="At">When it was counted.</param>
/// <param name="AccountLast">The account's last failure before.</param>
/// <param name="NetworkLast">The network's last failure before.</param>
internal sealed record SignInAttempt(string Account, IPAddress? Address, TimeSpan Wait, DateTimeOffset At, DateTimeOffset AccountLast, DateTimeOffset NetworkLast);
