using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Runner.Engine.Clusters.Api;
using Runner.Engine.Clusters.Connections;

namespace Runner.Engine.Storage;

/// <summary>What passes between this replica's copy and the cluster. All of it on the one loop.</summary>
public sealed partial class SharedState
{
    /// <summary>A part is named by the head within moments of being written, or never.</summary>
    private static readonly TimeSpan Abandoned = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    /// <summary>Finds the state in the cluster and takes it over, or begins one with what is in this data folder.</summary>
    private async Task JoinAsync(StateSecrets secrets, CancellationToken cancellationToken)
    {
        _undecided = false;
        while (true)
        {
            var known = await secrets.ReadHeadAsync(cancellationToken).ConfigureAwait(false);
            switch (StateJoining.Decide(known?.Head, _replica))
            {
                case StateJoin.TakeOver:
                    await TakeOverAsync(secrets, known!, cancellationToken).ConfigureAwait(false);
                    return;
                case StateJoin.Ask:
                    _undecided = true;
                    throw new StateUnavailableException(new(
                        $"This data folder was restored from a backup of {_replica.Restored!.Of:u}, and the replicas share a state that has gone on since, in Secret {_status.Secret}. Neither was changed. To make the backup " +
                        "the state of all replicas, restore it again with --overwrite-shared-state; to keep the state that they share, start this one with an empty data folder.",
                        $"此数据目录由 {_replica.Restored.Of:u} 的备份恢复，而各副本共享的状态（Secret {_status.Secret}）此后又有变化。两者均未更改。若要让备份成为所有副本的状态，请用 --overwrite-shared-state 再次恢复；" +
                        "若要保留共享的状态，请用空的数据目录启动此副本。"));
                case StateJoin.GoOn:
                    await PrepareAsync(cancellationToken).ConfigureAwait(false);
                    if (await BeginAsync(secrets, known!.Head.Journal, known.Head.Position + 1, known.ResourceVersion, cancellationToken).ConfigureAwait(false))
                    {
                        return;
                    }

                    break;
                default:
                    var restored = _replica.Restored;
                    await PrepareAsync(cancellationToken).ConfigureAwait(false);
                    if (await BeginAsync(secrets, restored?.Journal ?? NewId(), 1, known?.ResourceVersion, cancellationToken).ConfigureAwait(false))
                    {
                        LogBegan(_status.Secret, known is null ? "" : $" It has taken the place of another one, as asked for when the backup of {restored?.Of:u} was restored.");
                        return;
                    }

                    break;
            }
        }
    }

    private async Task PrepareAsync(CancellationToken cancellationToken)
    {
        foreach (var prepare in _beginnings)
        {
            await _replica.PrepareAsync(prepare, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<bool> BeginAsync(StateSecrets secrets, string journal, long position, string? resourceVersion, CancellationToken cancellationToken)
    {
        var handed = _replica.Pending.Last;
        var parts = await WriteWholeAsync(secrets, position, cancellationToken).ConfigureAwait(false);
        if (await secrets.WriteHeadAsync(new StateHead(journal, position, parts, [], []), resourceVersion, cancellationToken).ConfigureAwait(false) is not { } written)
        {
            return false;
        }

        await _replica.ApplyAsync([], whole: false, journal, position, handed).ConfigureAwait(false);
        _head = written;
        Tell(StateCollections.All.Keys);
        return true;
    }

    /// <summary>Asks for the newest head and takes it over.</summary>
    private async Task<KnownHead> CatchUpAsync(StateSecrets secrets, CancellationToken cancellationToken)
    {
        while (true)
        {
            // Removed under us: the loop begins with joining again.
            var known = await secrets.ReadHeadAsync(cancellationToken).ConfigureAwait(false) ?? throw new StateUnavailableException(new($"The Secret {_status.Secret} is gone; it is written anew.", $"Secret {_status.Secret} 已不存在；将重新写入。"));
            if (await TryTakeOverAsync(secrets, known, cancellationToken).ConfigureAwait(false))
            {
                return known;
            }
        }
    }

    private async Task TakeOverAsync(StateSecrets secrets, KnownHead known, CancellationToken cancellationToken)
    {
        if (!await TryTakeOverAsync(secrets, known, cancellationToken).ConfigureAwait(false))
        {
            await CatchUpAsync(secrets, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <returns>False when a part is gone: there is a newer head.</returns>
    private async Task<bool> TryTakeOverAsync(StateSecrets secrets, KnownHead known, CancellationToken cancellationToken)
    {
        var head = known.Head;
        var from = head.Journal == _replica.Journal && _replica.Position <= head.Position && !_replica.WentAlone ? _replica.Position : -1;
        if (from == head.Position)
        {
            _head = known;
            return true;
        }

        var whole = from < 0;
        var entries = new List<StateEntry>();
        if (from < (head.Entries.Count > 0 ? head.Entries[0].Position : head.Position + 1) - 1)
        {
            var needed = head.Parts.Where(part => part.UpTo > from).ToList();
            whole |= needed.Exists(part => part.From == 0);
            foreach (var part in whole ? head.Parts : needed)
            {
                if (await secrets.ReadPartAsync(part.Name, cancellationToken).ConfigureAwait(false) is not { } read)
                {
                    return false;
                }

                entries.AddRange(read);
            }
        }

        entries.AddRange(head.Entries);
        IReadOnlyList<StateEntry> news = whole ? entries : [.. entries.Where(entry => entry.Position > from)];
        var (changed, left) = await _replica.ApplyAsync(news, whole, head.Journal, head.Position).ConfigureAwait(false);
        _head = known;
        if (whole)
        {
            LogTookOver(head.Position);
        }

        if (left.Count > 0)
        {
            LogLeft(left.Count, string.Join(", ", left.GroupBy(change => change.Collection).Select(group => $"{group.Key} {group.Count()}")));
        }

        Tell(changed);
        return true;
    }

    /// <summary>Writes what was done alone while the cluster did not answer.</summary>
    private async Task HandOnAsync(StateSecrets secrets, CancellationToken cancellationToken)
    {
        if (!_handOnDue)
        {
            return;
        }

        Volatile.Write(ref _handOnDue, false);
        try
        {
            while (_replica.ReadPending() is { } pending)
            {
                // What was written by others meanwhile, or arrived though no answer came back, is taken over under it, and what is left of it then is read again.
                _replica.Pending.Hand(pending.UpTo);
                var entry = new StateEntry(NewId(), _head!.Head.Position + 1, pending.Changes.All);
                await TryWriteAsync(secrets, entry, new HashSet<string> { entry.Id }, pending.UpTo, cancellationToken).ConfigureAwait(false);
            }
        }
        catch
        {
            Volatile.Write(ref _handOnDue, true);
            throw;
        }
        finally
        {
            _replica.Pending.Hand(0);
        }
    }

    /// <summary>Carries writes out, together as one entry. Those that throw are told and changed nothing.</summary>
    private async Task CommitAsync(StateSecrets secrets, List<SharedWrite> batch, CancellationToken cancellationToken)
    {
        var tried = new HashSet<string>(StringComparer.Ordinal);
        while (batch.Count > 0)
        {
            var (changes, failed, failure) = await _replica.TryAsync(batch).ConfigureAwait(false);
            if (failed is not null)
            {
                batch.Remove(failed);
                failed.Fail(failure!);
                continue;
            }

            var entry = new StateEntry(NewId(), _head!.Head.Position + 1, changes.All);
            tried.Add(entry.Id);
            if (changes.Count == 0 || await TryWriteAsync(secrets, entry, tried, handed: 0, cancellationToken).ConfigureAwait(false))
            {
                batch.ForEach(write => write.Complete());
                batch.Clear();
            }
        }
    }

    /// <summary>Writes an entry behind the newest head that is known.</summary>
    /// <param name="tried">Ids under which the same was tried before: one of them may have arrived after all.</param>
    /// <returns>False when somebody else was faster; the newest head is taken over then.</returns>
    private async Task<bool> TryWriteAsync(StateSecrets secrets, StateEntry entry, IReadOnlySet<string> tried, long handed, CancellationToken cancellationToken)
    {
        var (head, version, _) = await MakeRoomAsync(secrets, _head!, cancellationToken).ConfigureAwait(false);
        KnownHead? written = null;
        try
        {
            written = await secrets.WriteHeadAsync(head.With(entry), version, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is not ApiStatusException { Code: 403 or 404 or 413 or 422 } && ClusterProblem.IsFailure(exception, cancellationToken))
        {
            // It may have arrived and it may not: the head tells.
            await Task.Delay(Pause, _time, cancellationToken).ConfigureAwait(false);
        }

        if (written is not null)
        {
            await _replica.ApplyAsync([entry], whole: false, head.Journal, entry.Position, handed).ConfigureAwait(false);
            _head = written;
            return true;
        }

        while (true)
        {
            try
            {
                return (await CatchUpAsync(secrets, cancellationToken).ConfigureAwait(false)).Head.Recent.Any(tried.Contains);
            }
            catch (Exception exception) when (exception is not (ApiStatusException { Code: 403 or 404 } or StateUnavailableException) && ClusterProblem.IsFailure(exception, cancellationToken))
            {
                await Task.Delay(Pause, _time, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Moves entries out of a head that has grown long. The copy is at the head's position: it is what is written as a whole.</summary>
    private async Task<KnownHead> MakeRoomAsync(StateSecrets secrets, KnownHead known, CancellationToken cancellationToken)
    {
        var head = known.Head;
        if (head.Entries.Count == 0 || known.Bytes <= LongestHead)
        {
            return known;
        }

        if (head.Parts.Count(part => part.From > 0) < MostSegments)
        {
            var segment = new StatePart(PartName(secrets, head.Position), head.Entries[0].Position, head.Position);
            await secrets.WritePartAsync(segment.Name, StateEncoding.Write(head.Entries), cancellationToken).ConfigureAwait(false);
            return known with { Head = head with { Parts = [.. head.Parts, segment], Entries = [] } };
        }

        var parts = await WriteWholeAsync(secrets, head.Position, cancellationToken).ConfigureAwait(false);
        await secrets.RemovePartsAsync(
            parts.Concat(head.Parts).Select(part => part.Name).ToHashSet(StringComparer.Ordinal), (_time.GetUtcNow() - Abandoned).UtcDateTime, cancellationToken).ConfigureAwait(false);
        return known with { Head = head with { Parts = parts, Entries = [] } };
    }

    private async Task<IReadOnlyList<StatePart>> WriteWholeAsync(StateSecrets secrets, long position, CancellationToken cancellationToken)
    {
        var parts = new List<StatePart>();
        foreach (var bytes in _replica.ReadWhole(position))
        {
            var part = new StatePart(PartName(secrets, position), 0, position);
            await secrets.WritePartAsync(part.Name, bytes, cancellationToken).ConfigureAwait(false);
            parts.Add(part);
        }

        return parts;
    }

    private void Tell(IEnumerable<string> collections)
    {
        var changed = collections.ToHashSet(StringComparer.Ordinal);
        foreach (var handler in ChangedElsewhere?.GetInvocationList().Cast<Action<IReadOnlySet<string>>>() ?? [])
        {
            try
            {
                handler(changed);
            }
#pragma warning disable CA1031 // One who follows must not keep the others from it, nor the state from going on.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                LogFollower(exception);
            }
        }
    }

    private static string PartName(StateSecrets secrets, long position) => $"{secrets.HeadName}-{position}-{NewId()[..8]}";

    internal static string NewId() => RandomNumberGenerator.GetHexString(24, lowercase: true);

    [LoggerMessage(LogLevel.Information, "The state that replicas share begins with what is in this data folder, in Secret {Secret}.{More}")]
    private partial void LogBegan(string secret, string more);

    [LoggerMessage(LogLevel.Warning, "{Count} changes that this replica made alone were left, because other replicas have changed or removed the same since: {What}")]
    private partial void LogLeft(int count, string what);

    [LoggerMessage(LogLevel.Information, "The state that replicas share was taken over at position {Position}")]
    private partial void LogTookOver(long position);

    [LoggerMessage(LogLevel.Error, "Somebody who follows the state that replicas share failed")]
    private partial void LogFollower(Exception exception);
}
