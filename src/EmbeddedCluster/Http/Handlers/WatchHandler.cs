using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Http.Handlers;

/// <summary>Streams changes. All watchers of a change write the same bytes.</summary>
internal sealed class WatchHandler(ObjectStore store, FaultSwitches faults, TimeProvider time)
{
    private static readonly TimeSpan BookmarkEvery = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LastBookmarks = TimeSpan.FromSeconds(2);

    /// <param name="cut">Ends the watch without a goodbye.</param>
    public async Task HandleAsync(ApiRequest request, CancellationToken cut)
    {
        var options = ListOptions.Read(request);
        var type = request.Type;
        var after = options.InitialEvents ? null : options.ResourceVersion;
        var stream = new WatchStream(request, options);
        Watcher watcher;
        ListSnapshot present;
        IReadOnlyList<StoreEvent> missed;
        try
        {
            if (faults.ExpireWatches && options.ResourceVersion is > 0)
            {
                throw ApiErrors.Expired($"too old resource version: {options.ResourceVersion} ({store.ResourceVersion})");
            }

            watcher = store.Watch(type.StorageGroup, type.Plural, type.Namespaced ? options.Namespace : null, options.Fields.Name, after, out present, out missed);
        }
        catch (ApiException refusal) when (refusal.Code == 410)
        {
            stream.Begin();
            stream.Write("ERROR", StatusObject.Failure(refusal));
            await stream.FlushAsync();
            return;
        }

        using (watcher)
        {
            stream.Begin();
            if (!faults.SilentWatches)
            {
                Opening(stream, request, options, present, missed);
            }

            await stream.FlushAsync();
            await FollowAsync(stream, watcher, request, cut);
        }
    }

    private void Opening(WatchStream stream, ApiRequest request, ListOptions options, ListSnapshot present, IReadOnlyList<StoreEvent> missed)
    {
        if (options.InitialEvents)
        {
            foreach (var stored in present.Range(request.Type.Namespaced ? options.Namespace : null).Where(options.Matches))
            {
                stream.Write("ADDED", stored);
            }

            if (request.Flag("sendInitialEvents") && request.Flag("allowWatchBookmarks") && !faults.NoBookmarks)
            {
                stream.Bookmark(present.ResourceVersion, initialEnd: true);
            }
        }

        foreach (var change in missed)
        {
            stream.Write(change);
        }
    }

    private async Task FollowAsync(WatchStream stream, Watcher watcher, ApiRequest request, CancellationToken cut)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(request.Aborted, cut);
        var began = time.GetTimestamp();
        var length = TimeSpan.FromSeconds(request.Number("timeoutSeconds") is > 0 and var seconds ? seconds : 1800 + Random.Shared.Next(1800));
        var bookmarks = request.Flag("allowWatchBookmarks");
        var tick = TickAsync(TimeSpan.Zero, length, ended.Token);
        var reading = watcher.Changes.WaitToReadAsync(ended.Token).AsTask();
        while (true)
        {
            var woken = await Task.WhenAny(reading, tick);
            ended.Token.ThrowIfCancellationRequested();
            var elapsed = time.GetElapsedTime(began);
            if (woken == reading)
            {
                if (!await reading)
                {
                    return;
                }

                while (watcher.Changes.TryRead(out var change))
                {
                    if (!faults.SilentWatches)
                    {
                        stream.Write(change);
                        await stream.FlushWhenFullAsync();
                    }
                }

                reading = watcher.Changes.WaitToReadAsync(ended.Token).AsTask();
            }
            else
            {
                if (elapsed >= length)
                {
                    return;
                }

                if (bookmarks && !faults.NoBookmarks && !faults.SilentWatches && store.SeenBy(watcher) is { } seen)
                {
                    stream.Bookmark(seen);
                }

                tick = TickAsync(elapsed, length, ended.Token);
            }

            await stream.FlushAsync();
        }
    }

    /// <summary>Waits for the next bookmark: every minute, twice in the last two seconds; and for the end.</summary>
    private Task TickAsync(TimeSpan elapsed, TimeSpan length, CancellationToken cancellationToken)
    {
        var left = length - elapsed;
        var wait = left > BookmarkEvery + LastBookmarks ? BookmarkEvery : left > LastBookmarks ? left - LastBookmarks : left > LastBookmarks / 2 ? left - (LastBookmarks / 2) : left;
        return Task.Delay(wait < TimeSpan.FromMilliseconds(1) ? TimeSpan.FromMilliseconds(1) : wait, time, cancellationToken);
    }

    /// <summary>Writes the frames of one watch.</summary>
    private sealed class WatchStream(ApiRequest request, ListOptions options)
    {
        private const int FlushAt = 64 * 1024;
        private readonly bool _stored = request.Format.View == ResponseView.Full && Views.IsStoredForm(request.Type);
        private bool _columnsTold;

        public void Begin()
        {
            request.Http.Response.StatusCode = 200;
            request.Http.Response.ContentType = "application/json";
            request.Http.Response.Headers.CacheControl = "no-cache, private";
        }

        /// <summary>A change as this watch sees it: what leaves the selection is deleted for it, what enters is added.</summary>
        public void Write(StoreEvent change)
        {
            var now = change.Type != StoreEventType.Deleted && options.Matches(change.Object);
            var before = change.Previous is not null && options.Matches(change.Previous);
            if (now)
            {
                Write(before ? "MODIFIED" : "ADDED", change.Object);
            }
            else if (before)
            {
                Write("DELETED", change.Type == StoreEventType.Deleted ? change.Object : Last(change));
            }
        }

        public void Write(string type, StoredObject stored)
        {
            if (_stored)
            {
                Frame(type, stored.Utf8.Span);
                return;
            }

            Write(type, request.Format.View switch
            {
                ResponseView.PartialMetadata => Views.Partial(stored, request.Format.MetaVersion),
                ResponseView.Table => Views.Table(request, [stored], Views.ObjectListMeta(stored), first: !_columnsTold),
                _ => Views.Serve(request.Type, stored),
            });
            _columnsTold = true;
        }

        public void Write(string type, JsonObject json) => Frame(type, JsonSerializer.SerializeToUtf8Bytes(json, ApiJson.Options));

        public void Bookmark(long resourceVersion, bool initialEnd = false)
        {
            var metadata = new JsonObject { ["resourceVersion"] = resourceVersion.ToString(CultureInfo.InvariantCulture) };
            if (initialEnd)
            {
                metadata["annotations"] = new JsonObject { ["k8s.io/initial-events-end"] = "true" };
            }

            var json = new JsonObject { ["kind"] = request.Type.Kind, ["apiVersion"] = request.Type.ApiVersion, ["metadata"] = metadata };
            if (request.Format.View == ResponseView.Table)
            {
                var stored = new StoredObject(new ObjectKey("", "", "", ""), json, resourceVersion);
                json = Views.Bookmark(request, stored);
            }

            Write("BOOKMARK", json);
        }

        public async Task FlushAsync() => await request.Http.Response.BodyWriter.FlushAsync(request.Aborted);

        public Task FlushWhenFullAsync() => request.Http.Response.BodyWriter.UnflushedBytes > FlushAt ? FlushAsync() : Task.CompletedTask;

        private static StoredObject Last(StoreEvent change)
        {
            var json = change.Previous!.Edit();
            json["metadata"]!["resourceVersion"] = change.ResourceVersion.ToString(CultureInfo.InvariantCulture);
            return new StoredObject(change.Object.Key, json, change.ResourceVersion);
        }

        private void Frame(string type, ReadOnlySpan<byte> bytes)
        {
            var body = request.Http.Response.BodyWriter;
            Encoding.UTF8.GetBytes($"{{\"type\":\"{type}\",\"object\":", body);
            body.Write(bytes);
            body.Write("}\n"u8);
        }
    }
}
