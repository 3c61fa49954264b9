using LiteDB;
using Runner.Engine.Hub;
using Runner.Engine.Hub.Events;
using Runner.Engine.Storage;
using Runner.Tests.Engine.Support;
using Runner.Web.Identity.Users;

namespace Runner.Tests.Engine.Replicas;

/// <summary>What a replica did alone meets what the others did meanwhile: two copies of the state, and the entries that pass between them.</summary>
public sealed class StateMeetingTests : IAsyncDisposable
{
    private const string Plain = "cluster_overrides";
    private const string Journal = "j";

    private readonly TemporaryFolder _folder = new();
    private readonly Database _oneDatabase;
    private readonly Database _otherDatabase;
    private readonly StateReplica _one;
    private readonly StateReplica _other;
    private long _position;

    public StateMeetingTests()
    {
        _oneDatabase = Database.Open(_folder.File("one"));
        _otherDatabase = Database.Open(_folder.File("other"));
        (_one, _other) = (new(_oneDatabase), new(_otherDatabase));
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await _oneDatabase.DisposeAsync();
        await _otherDatabase.DisposeAsync();
        _folder.Dispose();
    }

    /// <summary>Every way in which a document can change at both sides, many documents at a time and in many orders.</summary>
    [Theory]
    [InlineData(1, false)]
    [InlineData(2, false)]
    [InlineData(3, true)]
    [InlineData(4, true)]
    public async Task Both_come_to_the_same_and_no_side_loses_what_only_it_has_changed(int seed, bool whole)
    {
        var chance = new Random(seed);
        var ids = Enumerable.Range(0, 60).Select(i => $"doc-{i}").ToList();
        var begin = ids.Where(_ => chance.Next(2) == 0).ToDictionary(id => id, _ => "begin");
        await ShareAsync([.. begin.Select(pair => Put(Plain, pair.Key, pair.Value))], both: true);

        var (alone, others) = (new Dictionary<string, string>(begin), new Dictionary<string, string>(begin));
        for (var step = 0; step < 80; step++)
        {
            var id = ids[chance.Next(ids.Count)];
            var text = chance.Next(3) == 0 ? null : $"alone {step}";
            await AloneAsync(Plain, id, text);
            Set(alone, id, text);
        }

        var entries = new List<StateEntry>();
        for (var step = 0; step < 40; step++)
        {
            var id = ids[chance.Next(ids.Count)];
            var text = chance.Next(3) == 0 ? null : $"others {step}";
            entries.Add(await ShareAsync([Put(Plain, id, text)], both: false));
            Set(others, id, text);
        }

        await MeetAsync(whole ? Whole() : entries, whole);

        foreach (var id in ids)
        {
            var (was, mine, theirs, now) = (begin.GetValueOrDefault(id), alone.GetValueOrDefault(id), others.GetValueOrDefault(id), Text(_oneDatabase, id));
            var expected = theirs == was ? mine : mine is null && was is not null ? null : theirs;
            Assert.Equal(mine == was ? theirs : expected, now);
        }

        AssertSame();
        Assert.Null(_one.ReadPending());
    }

    [Fact]
    public async Task Events_that_wait_get_the_next_numbers_unless_others_have_told_of_their_workload_since()
    {
        await ShareAsync([Event(1, "a"), Told("a", 1), Told("b", 1)], both: true);
        await AloneAsync(StateCollections.Outbox, Event(2, "a").Document!);
        await AloneAsync(StateCollections.Told, Told("a", 2).Document!);
        await AloneAsync(StateCollections.Outbox, Event(3, "b").Document!);
        await AloneAsync(StateCollections.Told, Told("b", 2).Document!);
        await AloneAsync(StateCollections.Outbox, Event(4, "cluster/c").Document!);
        await AloneAsync(StateCollections.HubSpeaker, new BsonDocument { ["_id"] = 1, ["name"] = "one" });

        var entry = await ShareAsync([Event(2, "b"), Told("b", 3), new(StateCollections.HubSpeaker, 1, new BsonDocument { ["_id"] = 1, ["name"] = "other" })], both: false);
        await MeetAsync([entry], whole: false);

        Assert.Equal(["1 a", "2 b", "3 a", "4 cluster/c"], Documents(_otherDatabase, StateCollections.Outbox).Select(document => $"{document["_id"].AsInt64} {document["Resource"].AsString}"));
        Assert.Equal(["a 2", "b 3"], Documents(_otherDatabase, StateCollections.Told).Select(document => $"{document["_id"].AsString} {document["TaskId"].AsInt64}"));
        Assert.Equal("other", Documents(_oneDatabase, StateCollections.HubSpeaker).Single()["name"].AsString);
        AssertSame();
    }

    [Fact]
    public async Task Somebody_who_can_administrate_stays_and_different_fields_of_one_account_are_both_changed()
    {
        _one.Meeting.Guard(StateCollections.Users, UserDirectory.KeepAdministrator);
        await ShareAsync([User("1", "ann", "Administrator"), User("2", "bob", "Administrator"), User("3", "cid", "Viewer")], both: true);
        await AloneAsync(StateCollections.Users, User("1", "ann", "Viewer").Document!);
        await AloneAsync(StateCollections.Users, User("3", "cid", "Operator").Document!);

        var changed = User("3", "cid", "Viewer").Document!;
        changed["hash"] = "another";
        var entry = await ShareAsync([User("2", "bob", "Viewer"), new(StateCollections.Users, "3", changed)], both: false);
        var left = await MeetAsync([entry], whole: false);

        var users = Documents(_otherDatabase, StateCollections.Users).ToDictionary(document => document["name"].AsString);
        Assert.Equal(("Administrator", "Viewer"), (users["ann"]["role"].AsString, users["bob"]["role"].AsString));
        Assert.Equal(("Operator", "another"), (users["cid"]["role"].AsString, users["cid"]["hash"].AsString));
        Assert.Equal("ann", Assert.Single(left).After!["name"].AsString);
        AssertSame();
    }

    [Fact]
    public async Task What_is_changed_while_it_is_handed_on_is_handed_on_afterwards_whether_the_first_arrives_or_not()
    {
        foreach (var arrives in new[] { true, false })
        {
            await AloneAsync(Plain, "x", $"first {arrives}");
            var pending = _one.ReadPending()!.Value;
            _one.Pending.Hand(pending.UpTo);
            await AloneAsync(Plain, "x", $"second {arrives}");
            await ShareAsync([Put(Plain, "y", $"meanwhile {arrives}")], both: false);
            if (arrives)
            {
                var entry = new StateEntry("first", ++_position, pending.Changes.All);
                await _other.ApplyAsync([entry], whole: false, Journal, _position);
                await _one.ApplyAsync([new("y", _position - 1, [Put(Plain, "y", $"meanwhile {arrives}")]), entry], whole: false, Journal, _position);
            }
            else
            {
                await _one.ApplyAsync([new("y", _position, [Put(Plain, "y", $"meanwhile {arrives}")])], whole: false, Journal, _position);
            }

            _one.Pending.Hand(0);
            await MeetAsync([], whole: false);
            Assert.Equal($"second {arrives}", Text(_otherDatabase, "x"));
            AssertSame();
        }
    }

    private static StateChange Put(string collection, string id, string? text) => new(collection, id, text is null ? null : new BsonDocument { ["_id"] = id, ["text"] = text });

    private static StateChange Event(long sequence, string resource) =>
        new(StateCollections.Outbox, sequence, StateMapping<OutboxDocument>.ToDocument(new OutboxDocument { Sequence = sequence, Resource = resource, WrittenAt = DateTime.UnixEpoch }));

    private static StateChange Told(string id, long task) => new(StateCollections.Told, id, StateMapping<ToldDocument>.ToDocument(new ToldDocument { Id = id, TaskId = task }));

    private static StateChange User(string id, string name, string role) => new(
        StateCollections.Users, id, UserDocument.Of(new ConsoleUser { Id = id, Name = name, Role = Enum.Parse<Runner.Web.Identity.ConsoleRole>(role), SecurityStamp = role, PasswordHash = "hash", CreatedAt = DateTimeOffset.UnixEpoch }));

    private static void Set(Dictionary<string, string> documents, string id, string? text)
    {
        documents.Remove(id);
        if (text is not null)
        {
            documents[id] = text;
        }
    }

    private static List<BsonDocument> Documents(Database database, string collection) => database.Read(db => db.GetCollection(collection).Find(Query.All()).ToList());

    private static string? Text(Database database, string id) => database.Read(db => db.GetCollection(Plain).FindById(id))?["text"].AsString;

    private Task<bool> AloneAsync(string collection, string id, string? text) => text is null
        ? _one.DoAloneAsync(transaction => transaction.Collection(collection).Delete(id), Cancel)
        : AloneAsync(collection, new BsonDocument { ["_id"] = id, ["text"] = text });

    private Task<bool> AloneAsync(string collection, BsonDocument document) => _one.DoAloneAsync(transaction => transaction.Collection(collection).Upsert(document), Cancel);

    private async Task<StateEntry> ShareAsync(IReadOnlyCollection<StateChange> changes, bool both)
    {
        var entry = new StateEntry($"e{++_position}", _position, changes);
        await _other.ApplyAsync([entry], whole: false, Journal, _position);
        if (both)
        {
            await _one.ApplyAsync([entry], whole: false, Journal, _position);
        }

        return entry;
    }

    private IReadOnlyCollection<StateEntry> Whole() => [.. _other.ReadWhole(_position).SelectMany(StateEncoding.ReadEntries)];

    /// <summary>The one takes over what the others did, and hands on what is left of its own.</summary>
    private async Task<IReadOnlyList<StateLeft>> MeetAsync(IReadOnlyCollection<StateEntry> entries, bool whole)
    {
        var (_, left) = await _one.ApplyAsync(entries, whole, Journal, _position);
        while (_one.ReadPending() is { } pending)
        {
            var entry = new StateEntry($"h{++_position}", _position, pending.Changes.All);
            await _one.ApplyAsync([entry], whole: false, Journal, _position, pending.UpTo);
            await _other.ApplyAsync([entry], whole: false, Journal, _position);
        }

        return left;
    }

    private void AssertSame() => Assert.All(StateCollections.All.Keys, name => Assert.Equal(
        Documents(_otherDatabase, name).Select(document => JsonSerializer.Serialize(document)), Documents(_oneDatabase, name).Select(document => JsonSerializer.Serialize(document))));
}
