using System.Security.Claims;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.SignalR;
using OpenIddict.Abstractions;
using Runner.Web.Identity;
using Runner.Web.Identity.Tokens;

namespace Runner.Web.Live.Hub;

/// <summary>Bounds what outside clients take, and ends streams whose caller has lost the right to them.</summary>
internal sealed class LiveConnections(IServiceScopeFactory scopes, AccessNotes notes, TimeProvider time)
{
    /// <summary>Connections of outside clients at once.</summary>
    public const int MostConnections = 200;

    /// <summary>Streams of one connection at once.</summary>
    public const int MostStreams = 16;

    /// <summary>How long a right that was taken away may still be used.</summary>
    private static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(5);

    private int _open;

    /// <summary>Connections that are open now.</summary>
    public int Open => Volatile.Read(ref _open);

    /// <returns>False when there are too many.</returns>
    public bool TryOpen(HubCallerContext connection)
    {
        if (Interlocked.Increment(ref _open) > MostConnections)
        {
            Interlocked.Decrement(ref _open);
            return false;
        }

        connection.Items[typeof(LiveConnections)] = new Streams();
        return true;
    }

    public void Close(HubCallerContext connection)
    {
        if (connection.Items.Remove(typeof(LiveConnections)))
        {
            Interlocked.Decrement(ref _open);
        }
    }

    /// <summary>Counts a stream until the result is disposed; null when there are too many.</summary>
    public static IDisposable? TryStream(HubCallerContext connection) => ((Streams)connection.Items[typeof(LiveConnections)]!).TryEnter();

    /// <summary>Asks again and again whether the caller still has the right.</summary>
    /// <param name="method">What is called by it.</param>
    /// <exception cref="HubException">The caller has lost it since the connection was made; that is noted.</exception>
    public async Task<LiveRight> WatchAsync(HubCallerContext caller, string method, string scope, CancellationToken cancellationToken)
    {
        var user = caller.User!;
        if (await MayAsync(user, scope).ConfigureAwait(false))
        {
            return new LiveRight(() => MayAsync(user, scope), AskAgain, time, cancellationToken);
        }

        notes.NoteRefused(caller, method, ApiAccess.RefusalDetail(user, scope));
        throw new HubException("You have no right to this stream any more.");
    }

    private async Task<bool> MayAsync(ClaimsPrincipal user, string scope)
    {
        await using var services = scopes.CreateAsyncScope();
        return await HoldsAsync(user, services.ServiceProvider.GetRequiredService<IOpenIddictTokenManager>()).ConfigureAwait(false)
            && (await services.ServiceProvider.GetRequiredService<IAuthorizationService>().AuthorizeAsync(user, null, scope).ConfigureAwait(false)).Succeeded;
    }

    /// <summary>Whether the token that the connection was made with is still good: it may have been revoked, and its client removed or given another secret, long before it ends.</summary>
    private static async Task<bool> HoldsAsync(ClaimsPrincipal user, IOpenIddictTokenManager tokens)
    {
        foreach (var id in user.FindAll(OpenIddictConstants.Claims.Private.TokenId))
        {
            if (await tokens.FindByIdAsync(id.Value).ConfigureAwait(false) is not { } token || !await tokens.HasStatusAsync(token, OpenIddictConstants.Statuses.Valid).ConfigureAwait(false))
            {
                return false;
            }
        }

        return true;
    }

    private sealed class Streams
    {
        private int _count;

        public IDisposable? TryEnter()
        {
            if (Interlocked.Increment(ref _count) <= MostStreams)
            {
                return new Place(this);
            }

            Interlocked.Decrement(ref _count);
            return null;
        }

        private sealed class Place(Streams streams) : IDisposable
        {
            private Streams? _streams = streams;

            public void Dispose()
            {
                if (Interlocked.Exchange(ref _streams, null) is { } streams)
                {
                    Interlocked.Decrement(ref streams._count);
                }
            }
        }
    }
}

/// <summary>A right that is looked at from time to time as long as a stream goes on.</summary>
internal sealed class LiveRight : IDisposable
{
    private readonly CancellationTokenSource _ended;
    private readonly ITimer _timer;
    private volatile bool _lost;

    public LiveRight(Func<Task<bool>> may, TimeSpan interval, TimeProvider time, CancellationToken cancellationToken)
    {
        _ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _timer = time.CreateTimer(_ => _ = LookAsync(may), null, interval, interval);
    }

    /// <summary>Ends with the stream or with the right.</summary>
    public CancellationToken Token => _ended.Token;

    /// <summary>Moves on; what was waited for is given up when the right ends.</summary>
    /// <exception cref="HubException">The right has ended.</exception>
    public async ValueTask<bool> NextAsync<T>(IAsyncEnumerator<T> items)
    {
        try
        {
            return await items.MoveNextAsync().ConfigureAwait(false) && !_lost;
        }
        catch (OperationCanceledException) when (_lost)
        {
            throw new HubException("Your right to this stream has ended.");
        }
    }

    public void Dispose()
    {
        _timer.Dispose();
        _ended.Dispose();
    }

    private async Task LookAsync(Func<Task<bool>> may)
    {
        try
        {
            if (!await may().ConfigureAwait(false))
            {
                _lost = true;
                await _ended.CancelAsync().ConfigureAwait(false);
            }
        }
        catch (ObjectDisposedException)
        {
            // The stream is over.
        }
    }
}
