"""Sets with published files: which files they are, and where they are looked for.

The order is `data_dir` of the spec, the folder in the environment variable GRAPHC_DATA, the
user's cache folder, then the network.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import zlib
from dataclasses import dataclass, replace
from pathlib import Path

from graphc.core.diagnostic import Diagnostic, Note, RunError, listing
from graphc.data.download import download, wrong_checksum
from graphc.ops.sources import Citations, Downloaded, Photos, Stored

Located = Stored | Citations | Photos
"""Sources with published files."""


@dataclass(frozen=True)
class KnownFile:
    """A file that was published: its name, where it is served if it is, and its SHA-256."""

    name: str
    site: str | None
    sha256: str

    @property
    def url(self) -> str:
        return f"{self.site}{self.name}"


_MNIST = "https://storage.googleapis.com/cvdf-datasets/mnist/"
_FASHION = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"
_WNUT = "https://raw.githubusercontent.com/leondz/emerging_entities_17/master/"
_PLANETOID = (
    "https://raw.githubusercontent.com/kimiyoung/planetoid"
    "/af6abf468a772cc055bec88c52e4d6f51b7c37e3/data/"
)
_OMNIGLOT = (
    "https://raw.githubusercontent.com/brendenlake/omniglot"
    "/057f034baf2ecb8530bc5710e5a23584d2a519cc/python/"
)
ARRAYS_OF_OMNIGLOT = "omniglot/arrays"
_USPS = "https://hastie.su.domains/ElemStatLearn/datasets/"


def _idx(site: str, *checksums: str) -> tuple[KnownFile, ...]:
    names = (
        "train-images-idx3-ubyte.gz",
        "train-labels-idx1-ubyte.gz",
        "t10k-images-idx3-ubyte.gz",
        "t10k-labels-idx1-ubyte.gz",
    )
    return tuple(KnownFile(name, site, sum) for name, sum in zip(names, checksums, strict=True))


def _planetoid(name: str, *checksums: str) -> tuple[KnownFile, ...]:
    parts = ("allx", "ally", "tx", "ty", "test.index", "y", "graph")
    pairs = zip(parts, checksums, strict=True)
    return tuple(KnownFile(f"ind.{name}.{part}", _PLANETOID, sum) for part, sum in pairs)


KNOWN: dict[str, tuple[KnownFile, ...]] = {
    "mnist": _idx(
        _MNIST,
        "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
        "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
        "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
        "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
    ),
    "fashion-mnist": _idx(
        _FASHION,
        "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
        "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
        "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
        "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
    ),
    "usps": (
        KnownFile(
            "zip.train.gz",
            _USPS,
            "66ebf231ab51f2cf6ac1a892d0f98ccffee1079d7a5db638c1f11f366046ca16",
        ),
        KnownFile(
            "zip.test.gz",
            _USPS,
            "8dacc3c6e136af6c3488de9e5113a7daf140c8c2f1f0b61c54ee02f03f1a962f",
        ),
    ),
    "photos": (
        KnownFile(
            "photos_224.npz",
            None,
            "e86192139996f376086fa124687e37372ccb4798558d6282b2ede64e2e4be3b2",
        ),
    ),
    "tiny-shakespeare": (
        KnownFile(
            "input.txt",
            "https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/",
            "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
        ),
    ),
    "wnut17": (
        KnownFile(
            "wnut17train.conll",
            _WNUT,
            "731820e13f71af324c6b55a1575ec2ce59fbaa2a0806f8f0400b98d56cd6a7a5",
        ),
        KnownFile(
            "emerging.dev.conll",
            _WNUT,
            "e053b752b8155113ca66e7db08af5f2f5f43ab993694e4774f1ec5bad42312d8",
        ),
        KnownFile(
            "emerging.test.annotated",
            _WNUT,
            "2aa79b764e56ec9264a1b30fdd9b70195bd00ff400b62edd8f399d5f13c178f0",
        ),
    ),
    "multi30k": (
        KnownFile(
            "tok/train.lc.norm.tok.en.gz",
            None,
            "55904154a6267bb4f9bc2a60c5e56b28d9fdc6ac71b0ff7d1f1f42a91561dad3",
        ),
    ),
    "cifar10": (
        KnownFile(
            "cifar-10-binary.tar.gz",
            "https://www.cs.toronto.edu/~kriz/",
            "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
        ),
    ),
    "planetoid": (
        KnownFile(
            "cora.npz",
            None,
            "9033dec7530e5c0e98ecb958dc1c3b2cfaaa760dcec47fa0965efc05ff5184a7",
        ),
    ),
    "planetoid/cora": _planetoid(
        "cora",
        "9419ba2f26f5c35243db64aba110e0f35a04851609e0dc5433450676ca6b8543",
        "2b998f5cc7fedc86e7f97ca2498f47a1ffc1462c29e2d578b23bf3f62b6e7d71",
        "b9afbaa4a400df991f6f02ef677e1e44da55ffc04801fd02f9e673987829226a",
        "41f5ac76596a1699cc33f53084a2419e92961c42bb75f36fc38e616d348532ad",
        "297ce89af2b51a6a194181c7dbe1796c6a1cf9cd9349a88383b1b1e227867875",
        "94465c14eb53e04ca262198dcbb2521ee8af60fb3f3d546cd6ca24a511b0e7d1",
        "58f13302f39dde8852dad6fe6d15b89b077b6d7f837626bce671ef80344b383d",
    ),
    "planetoid/citeseer": _planetoid(
        "citeseer",
        "2ac30345d95c9ec933a817ee0bdd6a5f077f8c184a20e696910192d534414668",
        "f704b2d986dde6c2669934de1f3ae5696a6cf9455c0f6b2646a2d135ea0a1c95",
        "539a8906a2da97628d212f2fdd668c109a8b3f0d36574b59e5d3fd5b5303da21",
        "55e5bd1ba1e733a04598753ad1a8d57957f4b8f89e74519f41f4f4938767e4ce",
        "2af990671580b6b2df5d158d1038f8292e30c9cd821b5453f399659b25b723d4",
        "8ba87e515d8e3ee3cf52f6d2c5b86aa73f11ecad825a808455209ec26cd54924",
        "d79a4ef9d3e7169aee8946145f6b7306e35bc79bffad26346cfb94e10e9912a7",
    ),
    "planetoid/pubmed": _planetoid(
        "pubmed",
        "508e538e2abdccdd54c4d3e9f49d638b4af7107d85845f66ddea5a5152658b7e",
        "0c37bbe3b5014ec365e9d393cf4791925e5ed94fb194305d74f064a8d7b50f0e",
        "4eb5f5d0f30f26497eb0ac6ac9719d09c67e284f1ed0385c93f3ef27a671da3d",
        "ee2e0d4819d9fbcc403689c3bf2e49face401b605932f093bc58ab6461130fdd",
        "b101d421688bbaecbd82e8a18f1e282378d6830f3a37666f28ebc47f844341b5",
        "e6c807633307a07ed659249006536a147c7999c797f11a2560752990181b41b3",
        "5b89f0036ca22909471f1e6558eb42fa06e0c730a577bde5b058b40638f81dc9",
    ),
    "cifar10-jpeg": (
        KnownFile(
            "cifar10_jpeg.npz",
            None,
            "b0866d22cf9fac9580c61e07b103480a3b4610979d8da715a8566ed4a4db0bdd",
        ),
    ),
    "omniglot": (
        KnownFile(
            "images_background_small1.zip",
            _OMNIGLOT,
            "f38eb80f801274ac2b4dff5b24289016bfaba4a7d5bb50deebf27104ad6cb8a4",
        ),
        KnownFile(
            "images_background_small2.zip",
            _OMNIGLOT,
            "3ccaa407515a8778e5d0861875af38b17e418f301ad5bb3b5a6b65d901a41c7f",
        ),
        KnownFile(
            "all_runs.zip",
            f"{_OMNIGLOT}one-shot-classification/",
            "437c1eeab0af8484112e1b4cc0f3d541ec727f7c47b9b202da738af9dfd6c325",
        ),
    ),
    ARRAYS_OF_OMNIGLOT: (
        KnownFile(
            "background_small1.npz",
            None,
            "6f379cbc3b1f9dcdd706b2cd03f55770d7c1b35687984f50bcfc8362e591129d",
        ),
        KnownFile(
            "background_small2.npz",
            None,
            "e657915bc939cccb422ea2871775db96b490801d45e859145ca54ed3b6685467",
        ),
        KnownFile(
            "one_shot_runs.npz",
            None,
            "e8d6854c572282c1644f4914bc14f30a37ef7c8e2ce4fd2e199ca4caa5cfc03f",
        ),
    ),
    "california-housing": (
        KnownFile(
            "cal_housing.csv.gz",
            None,
            "b6448c656c3ff56c25078a51a68ff65304ec4793de42a4950a56d9d53d5fcb4d",
        ),
    ),
    "cifar10-lossless-5k": (
        KnownFile(
            "cifar10_5k.npz",
            None,
            "62529aa904ba8dad255aba26392aba6c309e35114c8da97e0a2beca74cee4f72",
        ),
    ),
}
"""The files of each set, by the name of its folder, or FOLDER/SET: training data first."""


def published(source: Located) -> tuple[KnownFile, ...]:
    """The files of a source."""
    return KNOWN[source.published if isinstance(source, Citations) else source.folder]


def cache_folder() -> Path:
    """Where downloads are kept: $XDG_CACHE_HOME/graphc/data, ~/.cache without the variable."""
    cache = os.environ.get("XDG_CACHE_HOME")
    return (Path(cache) if cache else Path.home() / ".cache") / "graphc" / "data"


def candidates(source: Located, folder: str) -> list[Path]:
    """The folders that may hold the files of `source`, in the order they are looked in."""
    found: list[Path] = []
    if source.data_dir is not None:
        own = Path(folder) / Path(source.data_dir).expanduser()
        found = [own / source.folder, own]
    if environment := os.environ.get("GRAPHC_DATA"):
        found.append(Path(environment).expanduser() / source.folder)
    found.append(cache_folder() / source.folder)
    return found


def locate(source: Located, folder: str) -> Path:
    """The folder that holds all files of `source`, downloaded if need be and allowed.

    Raises:
        RunError: GC502 where no folder holds them and they may not be downloaded; GC503 to GC505
            where the download failed.
    """
    files = published(source)
    looked = candidates(source, folder)
    for each in looked:
        if not _lacking(each, files):
            return each
    notes = tuple(Note(_account(each, files)) for each in looked)
    if not source.may_download():
        message = f"the data set `{source.name}` was not found"
        raise RunError(Diagnostic("GC502", message, notes=notes, help=_help(source)))
    target = looked[0] if source.data_dir is not None else looked[-1]
    try:
        for file in _lacking(target, files):
            download(file.url, target / file.name, file.sha256)
    except RunError as error:
        found = [_explained(each, source, notes) for each in error.diagnostics]
        raise RunError(found) from error
    return target


def read(folder: Path, file: KnownFile) -> bytes:
    """The bytes of a published file, uncompressed; RunError GC503 where they are not those."""
    path = folder / file.name
    try:
        data = path.read_bytes()
    except OSError as error:
        message = f"`{path}` cannot be read: {error.strerror}"
        raise RunError(Diagnostic("GC511", message)) from error
    found = hashlib.sha256(data).hexdigest()
    if found != file.sha256:
        raise wrong_checksum(path, found, file.sha256, "delete it and get it again")
    return inflate(data, str(path)) if path.suffix == ".gz" else data


def inflate(data: bytes, name: str) -> bytes:
    """The content of a gzip file; RunError GC503 where it is cut off or is none."""
    try:
        return gzip.decompress(data)
    except (EOFError, OSError, zlib.error) as error:
        raise damaged(name, str(error)) from error


def damaged(name: str, reason: str) -> RunError:
    """The error of a file that is not what its format says."""
    message = f"`{name}` is damaged: {reason[:1].lower()}{reason[1:].rstrip('.')}"
    return RunError(Diagnostic("GC503", message, help="delete it and get it again"))


def _lacking(folder: Path, files: tuple[KnownFile, ...]) -> list[KnownFile]:
    return [file for file in files if not (folder / file.name).is_file()]


def _account(folder: Path, files: tuple[KnownFile, ...]) -> str:
    lacking = [file.name for file in _lacking(folder, files)]
    if not folder.is_dir():
        return f"looked in `{folder}`, which is not there"
    return f"looked in `{folder}`, which lacks {listing(lacking)}"


def _help(source: Located) -> str:
    files = published(source)
    some = f"ind.{source.name}.*" if isinstance(source, Citations) else ""
    inside = f"{source.folder}/{files[0].name if len(files) == 1 else some}"
    ways = f"set GRAPHC_DATA to a folder that holds `{inside}`, or `data_dir` of `{source.name}`"
    refused = isinstance(source, Downloaded | Citations) and not source.download
    return f"{ways}, or write `download: true`" if refused else ways


def _explained(problem: Diagnostic, source: Located, notes: tuple[Note, ...]) -> Diagnostic:
    """A failed download with where the set was looked for before."""
    return replace(problem, notes=notes, help=problem.help or _help(source))
