"""Opening a file that may be anything: only regular files, only containers that hold sound and name no other file."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import av
import av.error
from av.audio.stream import AudioStream
from av.container import InputContainer

from workbench.errors import AudioNotFound, AudioUnreadable

# Containers that hold sound and name no other file. Playlists (hls, dash, concat, sdp) are left out on purpose: a few
# lines of text named meeting.wav would make the library read other files, or the network.
FORMATS = (
    "aac,ac3,aiff,amr,amrnb,amrwb,ape,asf,au,avi,caf,dsf,dts,eac3,flac,flv,gsm,matroska,mov,mp3,mp4,mpc,mpc8,mpeg,"
    "mpegts,nistsphere,ogg,rm,sox,tak,tta,voc,w64,wav,webm,wv"
)
_CHOOSE_ANOTHER = "Choose a recording, or a video with sound."


def check_file(path: Path, name: str) -> None:
    """See that it is a file with something in it, without opening it: a pipe would hang.

    Args:
        path: Where it is.
        name: What it is called, for people.

    Raises:
        AudioNotFound: There is no such file.
        AudioUnreadable: A folder, a pipe, a device, an empty file, a path that no file can have.
    """
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        raise AudioNotFound(Path(name)) from None
    except (OSError, ValueError) as error:  # a name too long for the file system, or with a null byte in it
        reason = f"the path cannot be used ({_detail(error)})"
        raise AudioUnreadable(name, reason, hint="Rename the file.", kind="bad_path") from error
    if stat.S_ISDIR(found.st_mode):
        raise AudioUnreadable(name, "it is a folder", hint="Name the files in it.", kind="folder")
    if not stat.S_ISREG(found.st_mode):
        reason = "it is not a file but a pipe or a device"
        raise AudioUnreadable(name, reason, hint="Save it to a file first.", kind="not_a_file")
    if found.st_size == 0:
        raise AudioUnreadable(name, "the file is empty", hint="Record or copy it again.", kind="empty_file")


def _detail(error: Exception) -> str:
    """What the system says, without the path, which is nobody's business on the other side of a network."""
    return error.strerror if isinstance(error, OSError) and error.strerror else str(error)


def open_container(path: Path, name: str) -> InputContainer:
    """Open what was checked; the caller closes it.

    Raises:
        AudioUnreadable: Not audio, a playlist, or a file that this account may not read.
        MemoryError: Its header asks for more memory than there is.
    """
    only = {"format_whitelist": FORMATS, "protocol_whitelist": "file"}
    try:
        return av.open(str(path.absolute()), mode="r", options=only, metadata_errors="replace")
    except av.error.MemoryError:
        raise
    except av.error.PermissionError as error:  # FFmpeg also says it of a WMA without sound
        if os.access(path, os.R_OK):
            raise AudioUnreadable(name, "it is not audio, or it is damaged", kind="not_audio") from error
        reason, hint = "this account may not read it", "Change its permissions."
        raise AudioUnreadable(name, reason, hint=hint, kind="forbidden") from None
    except av.error.ArgumentError:
        reason = "it is a playlist, or a format that is not opened here"
        raise AudioUnreadable(name, reason, kind="playlist") from None
    except (av.error.FFmpegError, UnicodeError) as error:
        raise AudioUnreadable(name, "it is not audio, or it is damaged", kind="not_audio") from error


def sound_track(name: str, container: InputContainer) -> AudioStream:
    """The first (or default) sound track, ready to be decoded.

    Raises:
        AudioUnreadable: There is none, or nothing here decodes it.
    """
    if not container.streams.audio:
        reason = "it is a video without sound" if container.streams.video else "there is no sound track in it"
        raise AudioUnreadable(name, reason, hint=_CHOOSE_ANOTHER, kind="no_sound_track")
    best = container.streams.best("audio")
    stream = best if isinstance(best, AudioStream) else container.streams.audio[0]
    if stream.codec_context is None:  # pyright: ignore[reportUnnecessaryComparison] - None where no decoder is known
        raise AudioUnreadable(name, "its codec is unknown", kind="unknown_codec")
    if stream.codec_context.name in ("flac", "wavpack"):
        # Each frame carries a checksum; unchecked, a flipped bit is a burst of noise.
        stream.codec_context.options = {"err_detect": "crccheck+explode"}
    return stream
